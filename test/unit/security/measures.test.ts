import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../helpers/pages.ts";

/**
 * What has to hold, and the tests that show it. A test that is renamed or goes away takes its promise with it: then this
 * table says so.
 */
const MEASURES: readonly { promise: string; shownBy: Readonly<Record<string, readonly string[]>> }[] = [
  {
    promise: "verify renders no templates",
    shownBy: { "test/unit/security/history.test.ts": ["verify renders no templates, so it is no oracle"] },
  },
  {
    promise: "rotate renders no templates, and loses none",
    shownBy: { "test/unit/security/history.test.ts": ["rotate renders no templates (until v0.40.0), and loses none"] },
  },
  {
    promise: "rotate never widens the scope (CVE-2026-22728)",
    shownBy: {
      "test/unit/security/history.test.ts": ["(CVE-2026-22728)", "rotate does not seal anew what was widened"],
    },
  },
  {
    promise: "verify and rotate are throttled",
    shownBy: {
      "test/unit/security/history.test.ts": ["is throttled (rotate was not until v0.39.0)"],
      "test/cluster/sealedsecret-http.test.ts": ["the limiter on %s"],
    },
  },
  {
    promise: "metrics are apart, and can leave names out",
    shownBy: {
      "test/unit/security/history.test.ts": [
        "metrics are not on the port that everybody reaches",
        "metrics name no SealedSecret with --metrics-omit-secret-labels",
      ],
    },
  },
  {
    promise: "failures read alike",
    shownBy: { "test/unit/security/history.test.ts": ["a wrong key, a wrong scope and a damaged value read alike"] },
  },
  {
    promise: "headers cannot forge the limiter's key unless a proxy is trusted",
    shownBy: {
      "test/unit/controller/http-limits.test.ts": [
        "a direct caller cannot get past its address by inventing headers",
        "and takes nothing from those whose address it invents",
        "what a client writes before the entry of the proxy changes nothing",
        "with trusted proxies: $name",
      ],
      "test/cluster/sealedsecret-http.test.ts": ["a caller that invents addresses is stopped here"],
    },
  },
  {
    promise: "request size",
    shownBy: {
      "test/unit/controller/http-limits.test.ts": [
        "a body that is too large, $name, is refused with 413",
        "a head that is too large is refused with 431",
      ],
    },
  },
  {
    promise: "request time",
    shownBy: {
      "test/unit/controller/http-limits.test.ts": [
        "a head that never ends is given up with 408",
        "a body that does not come is given up with 408",
      ],
      "test/unit/controller/http.test.ts": ["slow senders keep nobody out"],
    },
  },
  {
    promise: "connections and memory",
    shownBy: {
      "test/unit/controller/http-limits.test.ts": ["one address gets no more connections than its share"],
      "test/unit/controller/http.test.ts": [
        "forgets the callers that were silent longest instead of growing",
        "more than sixteen at once are asked to come back",
      ],
    },
  },
  {
    promise: "bodies take a bounded share of thread and memory",
    shownBy: {
      "test/unit/controller/http.test.ts": ["reading bodies takes a quarter of the time in the long run"],
      "test/unit/security/history.test.ts": ["a body full of %s is given up early", "does not fill the log"],
    },
  },
  {
    promise: "templates of strangers keep neither the key holder's memory nor other namespaces busy",
    shownBy: {
      "test/unit/secrets/render-items.test.ts": ["what many templates say when they fail is kept within bounds"],
      "test/unit/secrets/isolated-renderer.test.ts": [
        "namespaces take turns",
        "templates that take long take no places from the others",
      ],
      "test/unit/secrets/unseal-secret.test.ts": ["while the renderer has no room no private key is used"],
    },
  },
  {
    promise: "no Secret of somebody else is deleted",
    shownBy: {
      "test/unit/controller/sealedsecret/mishaps.test.ts": ["a Secret of somebody else stays when a SealedSecret"],
    },
  },
  {
    promise: "NetworkPolicy, seccomp, read-only root, non-root, a token only where it is needed",
    shownBy: {
      "test/unit/deploy/manifests.test.ts": [
        "runs with nothing that it does not need",
        "Services and NetworkPolicies select the pods that are there",
        "only the pod that needs a token gets one",
      ],
      "test/cluster/deploy.test.ts": ["keep the restricted pod security standard"],
      "test/peers/helm/chart.test.ts": ["the pod is the one of deploy/static", "the egress of the NetworkPolicy"],
    },
  },
  {
    promise: "least rights",
    shownBy: {
      "test/cluster/sealedsecret-rights.test.ts": ["these are all its calls", "and with $name"],
      "test/cluster/deploy.test.ts": ["the sync account", "the key holder's account"],
    },
  },
  {
    promise: "published vectors for RSA-OAEP and AES-GCM",
    shownBy: {
      "test/peers/crypto/wycheproof.test.ts": [
        "unwrapping of session keys, with and without a label",
        "whole sealed items open exactly when",
        "every vector with a tag of 128 bits opens or fails as it says",
      ],
    },
  },
  {
    promise: "no line of the log can be forged by a value",
    shownBy: { "test/unit/controller/log.test.ts": ["no value makes a second line or a second field"] },
  },
  {
    promise: "no clear text and no private key in logs",
    shownBy: {
      "test/cluster/sealedsecret-logs.test.ts": ["PRIVATE KEY"],
      "test/canary/controllers.test.ts": ["canary"],
    },
  },
];

describe("what has to hold for security", () => {
  test.each(MEASURES)("$promise", ({ shownBy }) => {
    for (const [file, titles] of Object.entries(shownBy)) {
      expect(existsSync(join(root, file)), file).toBe(true);
      const text = readFileSync(join(root, file), "utf8");
      for (const title of titles) expect(text.includes(title), `${file}: ${title}`).toBe(true);
    }
  });

  test("SECURITY.md tells who can do what", () => {
    const page = readFileSync(join(root, "SECURITY.md"), "utf8");
    for (const who of [
      "read access to the repository",
      "write access to the repository",
      "read access to SealedSecrets in the cluster",
      "the right to edit a namespace",
      "the controller's Service",
      "the metrics port",
      "read access to Secrets of the controller's namespace",
      "a node on which the controller runs",
    ]) {
      expect(page).toContain(`| ${who}`);
    }
  });
});
