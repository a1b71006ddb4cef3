import { serveThread } from "../../../../src/threads/serve-thread-adapter.ts";
import { makeHere } from "./make-here.ts";

/** What a thread of `sops COMMAND -r` does. */
export const jobs = { make: makeHere };

serveThread(jobs);
