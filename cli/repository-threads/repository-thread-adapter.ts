import { workHere } from "../../src/sealed/work-here-adapter.ts";
import { serveThread } from "../../src/threads/serve-thread-adapter.ts";
import { repositoryJobs } from "./thread-jobs.ts";

/*
 * The program of the threads that open, audit and rotate files of a repository. Keys come by message and by nothing else;
 * the memory of a thread is the system's again when it ends.
 */
const { jobs, setUp } = repositoryJobs(workHere);
serveThread(jobs, { setUp });
