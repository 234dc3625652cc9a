/**
 * zod, loaded one file after another. As ES modules its hundred and more files are opened all at once, which
 * fails where few file descriptors are allowed, and then no trial could tell of that.
 */
import { createRequire } from "node:module";

const loaded: typeof import("zod") = createRequire(import.meta.url)("zod");

export const z: typeof import("zod")["z"] = loaded.z;
