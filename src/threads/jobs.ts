/** What the threads of a pool can do: a function for each kind of job. Requests and answers are copied, so no functions, no classes. */
export type Jobs = Readonly<Record<string, (request: never) => unknown>>;

export type RequestOf<Job extends Jobs[string]> = Parameters<Job>[0];

export type AnswerOf<Job extends Jobs[string]> =
  Awaited<ReturnType<Job>> extends Moved<infer Value> ? Value : Awaited<ReturnType<Job>>;

/** A value some of whose buffers are handed over instead of copied: the sender has them no more. */
export class Moved<Value> {
  readonly value: Value;
  readonly buffers: readonly ArrayBuffer[];

  constructor(value: Value, buffers: readonly ArrayBuffer[]) {
    this.value = value;
    this.buffers = buffers;
  }
}
