import type { KubeObject } from "../../src/objects/index.ts";

/** A Secret as the API takes it; `data` in base64. */
export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** What came of opening a SealedSecret. Messages name items and keys by their public names only. */
export type Unsealed =
  /** The Secret that the SealedSecret describes: its name and namespace, no owner yet. */
  | { readonly kind: "opened"; readonly secret: Secret }
  /** At least one item can be opened by none of the keys that we have. Another key may help. */
  | { readonly kind: "no-key"; readonly message: string }
  /** Only a change of the object can help. */
  | { readonly kind: "unusable"; readonly message: string };

/** Opens SealedSecrets with the keys of the moment; never renders a template. */
export interface Unsealer {
  unseal(sealedSecret: KubeObject): Promise<Unsealed>;
}
