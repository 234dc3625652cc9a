/** Entry of a worker of poolifier, which wants the worker's side wrapped in its own class. */
import { ThreadWorker } from "poolifier";
import { perform, type Task } from "./task.ts";

// Registers itself with the thread's port. The pool never submits a task without data.
new ThreadWorker<Task, number>((task) => perform(task ?? 0));
