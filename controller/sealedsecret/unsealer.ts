import type { KubeObject, ObjectMeta } from "../../src/objects/index.ts";

/** A Secret as the API takes it; `data` in base64. */
export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** What came of opening a SealedSecret. Messages name items and keys by their public names only. */
export type Unsealed =
  /** The Secret that the SealedSecret describes: its name and namespace, no owner yet; and the keys that opened it. */
  | { readonly kind: "opened"; readonly secret: Secret; readonly openedBy: readonly string[] }
  /** At least one item can be opened by none of the keys that we have. Another key may help. `item`: one that was tried. */
  | { readonly kind: "no-key"; readonly message: string; readonly item?: string | undefined }
  /** Only a change of the object can help. */
  | { readonly kind: "unusable"; readonly message: string }
  /** A template of the object fails. `mayPass`: it wanted more time or memory than it may have. */
  | { readonly kind: "template"; readonly message: string; readonly mayPass: boolean }
  /** Too many templates wait to be rendered; nothing is known yet. */
  | { readonly kind: "busy" };

/** Opens SealedSecrets with the keys of the moment, and renders their templates. */
export interface Unsealer {
  unseal(sealedSecret: KubeObject): Promise<Unsealed>;
  /**
   * What `isUnchanged` recognizes later, also in another process: that this object was opened and became this Secret.
   * Undefined when nothing was opened that could prove it.
   */
  proof?(sealedSecret: KubeObject, secret: ObjectMeta, openedBy: readonly string[]): string | undefined;
  isUnchanged?(sealedSecret: KubeObject, secret: ObjectMeta, state: OpenedState): boolean;
}

/** What `status` keeps of an object that was opened. */
export interface OpenedState {
  readonly openedBy: readonly string[];
  readonly digest: string;
}
