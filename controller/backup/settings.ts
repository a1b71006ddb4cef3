/** Where backups go, as the keeper of backups sees it. */
export interface BackupStore {
  /** As a person knows the place: `s3://bucket/key`. Never credentials. */
  readonly place: string;
  /** Why what is there is no good backup; undefined when it is one. */
  readonly shortcoming: string | undefined;
  /** Puts a backup there, over the one before. @throws whose message may be logged. */
  write(content: Uint8Array): Promise<void>;
}

/** How the controller backs its keys up by itself. It never holds what opens a backup. */
export interface BackupSettings {
  /** The text of a recipients file, read anew each time: mounted configuration changes while a process runs. */
  readRecipients(): Promise<string>;
  /** Absent: into the Secret `toSecret` of the cluster. */
  readonly store?: BackupStore | undefined;
  /** `namespace/name` */
  readonly toSecret?: string | undefined;
  /** A backup this often, besides one after each change of the keys; 0: only then. Milliseconds. */
  readonly scheduleMs: number;
}
