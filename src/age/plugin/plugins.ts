/**
 * What plugins need of the outside: programs called `age-plugin-NAME`, time, and somebody to ask. Whoever does not give
 * this to `parseRecipient` and its like gets an error for what a plugin would do, and no program is ever started.
 */
export interface Plugins {
  /**
   * Starts `age-plugin-NAME --age-plugin=MACHINE`. `name` has been checked: lower-case letters, digits, `+-._`.
   *
   * @throws {AgeError} `AGE_PLUGIN_MISSING`
   */
  readonly start: (name: string, machine: PluginMachine) => Promise<PluginProgram>;
  /** Calls `then` in `ms` milliseconds, unless the function that is returned is called before. */
  readonly after: (ms: number, then: () => void) => () => void;
  /** Without it a plugin that asks is told that nobody answers. */
  readonly prompts?: PluginPrompts | undefined;
}

/** The two conversations of the protocol: wrapping a file key, and unwrapping it. */
export type PluginMachine = "recipient-v1" | "identity-v1";

/** A running plugin. */
export interface PluginProgram {
  /** What it says. Ends when the program ends. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Resolves when the program can take more; rejects when it has gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes the pipes and sees to it that the program ends. Never rejects. */
  stop(): Promise<void>;
}

/**
 * The person that a plugin talks to. All texts are the plugin's: filter what commands a terminal before showing them.
 * A method that rejects tells the plugin that there is no answer.
 */
export interface PluginPrompts {
  show(plugin: string, message: string): Promise<void>;
  ask(plugin: string, question: string, options: { readonly secret: boolean }): Promise<string>;
  /** Whether `yes` was chosen. Without `no` there is nothing but `yes` to choose. */
  confirm(
    plugin: string,
    question: string,
    answers: { readonly yes: string; readonly no: string | undefined },
  ): Promise<boolean>;
  /** A plugin has been silent for five seconds: a device may want to be touched. */
  waiting?(plugin: string): void;
}
