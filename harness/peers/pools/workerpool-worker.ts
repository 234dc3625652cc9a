/** Entry of a worker of workerpool, which calls functions by name. */
import workerpool from "workerpool";
import { perform } from "./task.ts";

workerpool.worker({ perform });
