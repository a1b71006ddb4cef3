/** Where the program of a tool is, whether or not it is there. */
export function peerProgram(tool: string): string;
