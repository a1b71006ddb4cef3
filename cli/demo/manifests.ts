import type { KubeObject } from "../../src/objects/index.ts";
import type { Scope } from "../../src/sealed/index.ts";
import { SYNC_NAMESPACE } from "../sandbox/whole-cluster.ts";

/** The namespace that the demo's application lives in. */
export const NAMESPACE = "shop";

/** One Secret of the demo, with what its values have to be in the cluster at the end. */
export interface DemoSecret {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** One Secret for each scope of Sealed Secrets. The values are made up and different at each run. */
export function sealedSecrets(random: () => string): readonly (DemoSecret & { readonly scope: Scope })[] {
  return [
    { name: "database", scope: "strict", values: { user: "shop", password: random() } },
    { name: "mail", scope: "namespace-wide", values: { token: random(), greeting: `grüße ${random()}\n` } },
    { name: "tracking", scope: "cluster-wide", values: { key: random(), empty: "" } },
  ];
}

/** The Secret that is kept with SOPS and age. */
export function sopsSecret(random: () => string): DemoSecret {
  return { name: "payment", values: { "api-key": random(), "webhook.secret": random() } };
}

export function secretManifest({ name, values }: DemoSecret): string {
  const object = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: NAMESPACE },
    type: "Opaque",
    stringData: values,
  };
  return `${JSON.stringify(object, undefined, 2)}\n`;
}

export const NAMESPACE_MANIFEST = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
`;

/** A Deployment that uses a sealed and an encrypted Secret. */
export const DEPLOYMENT_MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: ${NAMESPACE}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
      - name: shop
        image: registry.example.com/shop:1.4.2
        env:
        - name: DATABASE_PASSWORD
          valueFrom:
            secretKeyRef:
              name: database
              key: password
        envFrom:
        - secretRef:
            name: payment
`;

/** What tells the controller where the repository is and what to do with it. */
export function syncManifests(url: string): readonly KubeObject[] {
  const metadata = { name: "fleet", namespace: SYNC_NAMESPACE };
  return [
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata,
      spec: { url, interval: "1m", ref: { branch: "main" } },
    },
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata,
      spec: {
        sourceRef: { kind: "GitRepository", name: "fleet" },
        path: "./apps",
        interval: "1m",
        retryInterval: "5s",
        prune: true,
        wait: true,
        timeout: "30s",
        decryption: { provider: "sops", secretRef: { name: AGE_SECRET } },
      },
    },
  ];
}

/** Where the Kustomization finds the age identity. */
export const AGE_SECRET = "sops-age";
