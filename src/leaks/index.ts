export { type FileContent, findLeaks } from "./find-leaks.ts";
export { LEAK_RULES, type Leak, type LeakRule } from "./leak.ts";
