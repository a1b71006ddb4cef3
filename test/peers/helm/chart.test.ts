import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { CRDS } from "../../../controller/api/index.ts";
import { CHART, helm, originalChart, type Rendered, render } from "../../helpers/helm.ts";
import { runCli } from "../../helpers/run-cli.ts";

const ofKind = (objects: Rendered[], kind: string) => objects.filter((object) => object.kind === kind);
const named = (objects: Rendered[], kind: string, name: string) =>
  ofKind(objects, kind).find(({ metadata }) => metadata.name === name);
const names = (objects: Rendered[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
const podOf = (objects: Rendered[]) => ofKind(objects, "Deployment")[0].spec.template.spec;
const containerOf = (objects: Rendered[]) => podOf(objects).containers[0];

/** Flags by name, in whichever of the two forms they were given. */
function flagsOf(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let at = 0; at < args.length; at++) {
    const [name = "", value] = (args[at] ?? "").split(/=(.*)/s);
    const next = args[at + 1];
    if (value !== undefined) flags[name] = value;
    else if (next !== undefined && !next.startsWith("--")) flags[name] = args[++at] ?? "";
    else flags[name] = "true";
  }
  return flags;
}

describe("the chart", () => {
  test.each([
    { name: "its own values", values: {} },
    { name: "everything on", values: everything() },
    { name: "no controller", values: { createController: false } },
    { name: "no rights", values: { rbac: { create: false }, serviceAccount: { create: false, name: "mine" } } },
  ])("helm lint finds nothing with $name", ({ values }) => {
    const { code, stdout } = helm(["lint", "--strict", CHART], values);
    expect([code, stdout.includes("0 chart(s) failed")], stdout).toEqual([0, true]);
  });

  test("by default kubeseal finds it", () => {
    const objects = render(CHART);
    expect(names(objects)).toEqual(
      [
        "ClusterRole/sealed-secrets-controller-edit",
        "ClusterRole/secrets-unsealer",
        "ClusterRoleBinding/sealed-secrets-controller",
        "CustomResourceDefinition/sealedsecrets.bitnami.com",
        "Deployment/sealed-secrets-controller",
        "NetworkPolicy/sealed-secrets-controller",
        "PodDisruptionBudget/sealed-secrets-controller",
        "Role/sealed-secrets-controller-key-admin",
        "Role/sealed-secrets-controller-leader",
        "Role/sealed-secrets-controller-service-proxier",
        "RoleBinding/sealed-secrets-controller-key-admin",
        "RoleBinding/sealed-secrets-controller-leader",
        "RoleBinding/sealed-secrets-controller-service-proxier",
        "Service/sealed-secrets-controller",
        "Service/sealed-secrets-controller-metrics",
        "ServiceAccount/sealed-secrets-controller",
      ].sort(),
    );
    expect(ofKind(objects, "Service").every(({ metadata }) => metadata.namespace === "kube-system")).toBe(true);
  });

  test("every flag and variable that it can give is known, and means what the value says", async () => {
    const container = containerOf(render(CHART, everything()));
    const env = Object.fromEntries(container.env.map(({ name, value }: Rendered) => [name, value ?? ""]));
    const known = await runCli([...container.args, "--version"], { argv0: "controller", env });
    expect(known).toMatchObject({ code: 0, stderr: "" });
    expect(flagsOf(container.args)).toEqual({
      "--accept-deprecated-v1-data": "false",
      "--additional-namespaces": "a,b",
      "--all-namespaces": "false",
      "--key-cutoff-time": "Mon, 14 Oct 2024 21:45:30 +0200",
      "--key-order-priority": "SecretCreationTimestamp",
      "--key-prefix": "my-keys",
      "--key-renew-period": "0",
      "--key-size": "3072",
      "--key-ttl": "8760h",
      "--kubeclient-burst": "20",
      "--kubeclient-qps": "-0.5",
      "--label-selector": "a in (b, c)",
      "--listen-addr": ":9080",
      "--listen-metrics-addr": ":9081",
      "--log-format": "json",
      "--log-info-stdout": "false",
      "--log-level": "ERROR",
      "--max-unseal-retries": "0",
      "--metrics-omit-secret-labels": "true",
      "--my-cn": "sealkit.example",
      "--old-gc-behavior": "true",
      "--privatekey-annotations": "x=1,y=2",
      "--privatekey-labels": "l=1",
      "--rate-limit": "5",
      "--rate-limit-burst": "7",
      "--read-timeout": "30s",
      "--skip-recreate": "true",
      "--update-status": "false",
      "--watch-for-secrets": "true",
      "--write-timeout": "40s",
    });
    expect(env).toMatchObject({
      SEALED_SECRETS_LEADER_ELECT: "true",
      SEALED_SECRETS_LEADER_ELECTION_NAME: "my-lease",
      SEALED_SECRETS_TRUSTED_PROXIES: "10.0.0.0/8,fd00::/8",
      SEALED_SECRETS_UNSEAL_WORKERS: "3",
      SEALED_SECRETS_NO_GENERATE_KEY: "true",
      SEALED_SECRETS_REVERT_CHANGES: "true",
      SEALED_SECRETS_SHUTDOWN_DELAY: "7s",
    });
  });

  test.each([
    { value: "updateStatus", flag: "--update-status" },
    { value: "logInfoStdout", flag: "--log-info-stdout" },
    { value: "skipRecreate", flag: "--skip-recreate" },
    { value: "watchForSecrets", flag: "--watch-for-secrets" },
    { value: "allNamespaces", flag: "--all-namespaces" },
    { value: "acceptDeprecatedV1Data", flag: "--accept-deprecated-v1-data" },
  ])("$value can be switched on and off", ({ value, flag }) => {
    for (const on of [true, false]) {
      expect(flagsOf(containerOf(render(CHART, { [value]: on })).args)[flag]).toBe(String(on));
    }
  });

  test.each([
    { name: "a misspelt value", values: { updatestatus: true }, says: /updatestatus/ },
    { name: "a key prefix in capitals", values: { secretName: "BAD" }, says: /secretName/ },
    { name: "a span in days", values: { keyrenewperiod: "30 days" }, says: /keyrenewperiod/ },
    { name: "a cutoff of another form", values: { keycutofftime: "2026-01-01" }, says: /keycutofftime/ },
    { name: "a rate of zero", values: { rateLimit: 0 }, says: /rateLimit/ },
    { name: "a small key", values: { keySize: 1024 }, says: /keySize/ },
    { name: "text for a switch", values: { updateStatus: "false" }, says: /updateStatus/ },
    { name: "a port out of range", values: { containerPorts: { http: 70000 } }, says: /containerPorts/ },
    { name: "a namespace list as text", values: { additionalNamespaces: "a,b" }, says: /additionalNamespaces/ },
    { name: "too many workers", values: { unsealWorkers: 257 }, says: /unsealWorkers/ },
    { name: "a proxy that is no network", values: { trustedProxies: ["ingress"] }, says: /trustedProxies/ },
    { name: "a log level that is none", values: { logLevel: "LOUD" }, says: /logLevel/ },
  ])("$name is refused by name", ({ values, says }) => {
    const { code, stderr } = helm(["template", "x", CHART], values);
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
  });

  test("the definition is ours, kept when the release goes, and can be left out", () => {
    const [crd] = ofKind(render(CHART), "CustomResourceDefinition");
    expect(crd.spec).toEqual(JSON.parse(JSON.stringify(CRDS[0]?.spec)));
    expect(crd.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    const [loose] = ofKind(
      render(CHART, { crds: { keep: false, annotations: { a: "b" } } }),
      "CustomResourceDefinition",
    );
    expect(loose.metadata.annotations).toEqual({ a: "b" });
    expect(ofKind(render(CHART, { crds: { create: false } }), "CustomResourceDefinition")).toEqual([]);
  });

  test("rights: only what a value needs", () => {
    const verbs = (values: unknown) =>
      named(render(CHART, values), "ClusterRole", "secrets-unsealer").rules.find(({ resources }: Rendered) =>
        resources.includes("secrets"),
      ).verbs;
    expect(verbs({})).not.toContain("delete");
    expect(verbs({ oldGcBehavior: true })).toContain("delete");
    expect(names(render(CHART, { leaderElection: { enabled: false } }))).not.toContain(
      "Role/sealed-secrets-controller-leader",
    );
    const namespaced = render(CHART, {
      additionalNamespaces: ["a"],
      rbac: { clusterRole: false, namespacedRoles: true },
    });
    expect(ofKind(namespaced, "ClusterRole")).toEqual([]);
    expect(
      ofKind(namespaced, "Role")
        .filter(({ metadata }) => metadata.name === "secrets-unsealer")
        .map(({ metadata }) => metadata.namespace),
    ).toEqual(["kube-system", "a"]);
    expect(JSON.stringify(ofKind(namespaced, "Role"))).not.toContain('"*"');
  });

  test("the egress of the NetworkPolicy is the API server's alone", () => {
    const egress = (given: unknown) =>
      ofKind(render(CHART, { networkPolicy: { egress: given } }), "NetworkPolicy")[0].spec.egress;
    expect(egress({ enabled: true, kubeapiCidr: "10.0.0.1/32", kubeapiPort: 6443 })).toEqual([
      { to: [{ ipBlock: { cidr: "10.0.0.1/32" } }], ports: [{ port: 6443, protocol: "TCP" }] },
    ]);
    expect(egress({ enabled: true })[0].ports.map(({ port }: Rendered) => port)).toEqual([443, 6443]);
    expect(egress({ enabled: false })).toBeUndefined();
  });

  test("the pod is the one of deploy/static", () => {
    const path = fileURLToPath(new URL("../../../deploy/static/controller.yaml", import.meta.url));
    const fixed = parseAllDocuments(readFileSync(path, "utf8")).map((document) => document.toJS());
    const facts = (objects: Rendered[]) => {
      const { spec } = ofKind(objects, "Deployment")[0];
      const { containers, securityContext, ...pod } = spec.template.spec;
      const {
        securityContext: own,
        env,
        ports,
        resources,
        livenessProbe,
        readinessProbe,
        startupProbe,
      } = containers[0];
      const probe = ({ httpGet, periodSeconds }: Rendered) => [httpGet.path, periodSeconds];
      return {
        replicas: spec.replicas,
        strategy: spec.strategy,
        token: pod.automountServiceAccountToken,
        grace: pod.terminationGracePeriodSeconds,
        volumes: pod.volumes,
        security: {
          nonRoot: securityContext.runAsNonRoot,
          user: own.runAsUser ?? securityContext.runAsUser,
          fsGroup: securityContext.fsGroup,
          seccomp: securityContext.seccompProfile.type,
          readOnly: own.readOnlyRootFilesystem,
          escalation: own.allowPrivilegeEscalation,
          drop: own.capabilities.drop,
        },
        command: containers[0].command,
        election: env.find(({ name }: Rendered) => name === "SEALED_SECRETS_LEADER_ELECT").value,
        ports: ports.map(({ name, containerPort }: Rendered) => [name, containerPort]),
        resources,
        probes: [livenessProbe, readinessProbe, startupProbe].map(probe),
        rules: named(objects, "ClusterRole", "secrets-unsealer").rules,
      };
    };
    expect(facts(render(CHART))).toEqual(facts(fixed));
    const { args } = containerOf(fixed);
    expect(args).toEqual([]);
  });
});

const original = originalChart();

describe.skipIf(original === undefined)("the chart beside the original's", () => {
  const theirs = (values: unknown, release?: string) => render(original ?? "", values, release);

  test("every value of the original's is there", () => {
    const keys = (value: unknown, at: string): string[] =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(value).flatMap(([key, inner]) => [`${at}.${key}`, ...keys(inner, `${at}.${key}`)])
        : [];
    const read = (chart: string) => keys(parse(readFileSync(`${chart}/values.yaml`, "utf8")), "");
    const missing = read(original ?? "").filter((key) => !read(CHART).includes(key));
    // Ours sets what runs by itself; a limit that is not set by default is still a value.
    expect(missing).toEqual([]);
  });

  test("a release of the original's can be upgraded with all its values", () => {
    const values = parse(readFileSync(`${original}/values.yaml`, "utf8"));
    for (const [name, given] of Object.entries({ default: values, everything: { ...values, ...shared() } })) {
      const { code, stderr } = helm(["template", "x", CHART], given);
      expect([code, stderr], name).toEqual([0, ""]);
    }
  });

  test("also with --reuse-values, which leaves out every value that is ours", () => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-chart-"));
    try {
      cpSync(CHART, folder, { recursive: true });
      writeFileSync(join(folder, "values.yaml"), readFileSync(`${original}/values.yaml`));
      const objects = render(folder);
      expect(facts(objects)).toEqual(facts(theirs({})));
      expect(containerOf(objects).env.map(({ name }: Rendered) => name)).toContain("SEALED_SECRETS_LEADER_ELECT");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  /** What other objects, people and scripts hold on to. */
  const facts = (objects: Rendered[]) => {
    const [deployment] = ofKind(objects, "Deployment");
    const { spec } = deployment;
    const container = containerOf(objects);
    const flags = flagsOf(container.args);
    const services = ofKind(objects, "Service").map(({ metadata, spec: of }) => ({
      name: metadata.name,
      namespace: metadata.namespace,
      component: metadata.labels["app.kubernetes.io/component"],
      selector: of.selector,
      type: of.type,
      ports: of.ports.map(({ name, port, targetPort, nodePort }: Rendered) => ({
        name,
        port,
        targetPort,
        nodePort: nodePort ?? null,
      })),
    }));
    const proxier = ofKind(objects, "Role").find(({ metadata }) => metadata.name.endsWith("service-proxier"));
    const {
      affinity,
      nodeSelector,
      tolerations,
      priorityClassName,
      runtimeClassName,
      hostNetwork,
      dnsPolicy,
      hostUsers,
    } = spec.template.spec;
    return {
      deployment: `${deployment.metadata.namespace}/${deployment.metadata.name}`,
      selector: spec.selector,
      podLabels: spec.template.metadata.labels,
      podAnnotations: spec.template.metadata.annotations,
      history: spec.revisionHistoryLimit,
      account: spec.template.spec.serviceAccountName,
      placed: {
        affinity,
        nodeSelector,
        tolerations,
        priorityClassName,
        runtimeClassName,
        hostNetwork,
        dnsPolicy,
        hostUsers,
      },
      pullSecrets: spec.template.spec.imagePullSecrets,
      container: container.name,
      command: container.command,
      ports: container.ports,
      security: container.securityContext,
      fsGroup: spec.template.spec.securityContext.fsGroup,
      mounts: container.volumeMounts.map(({ mountPath }: Rendered) => mountPath).sort(),
      // A switch that is off is said by ours and left out by theirs.
      flags: Object.fromEntries(
        Object.entries(flags)
          .filter(([, value]) => value !== "false")
          // Theirs come in random order.
          .map(([name, value]) => [name, name.startsWith("--privatekey") ? value.split(",").sort().join(",") : value]),
      ),
      services,
      proxier: proxier?.rules.map(({ resources, resourceNames, verbs }: Rendered) => ({
        resources,
        resourceNames: [...resourceNames].sort(),
        verbs: [...verbs].sort(),
      })),
      bound: ofKind(objects, "RoleBinding")
        .filter(({ roleRef }) => roleRef.name.endsWith("service-proxier"))
        .map(({ metadata, subjects }) => [metadata.name, subjects]),
      monitors: ofKind(objects, "ServiceMonitor").map(({ metadata, spec: of }) => [
        metadata.name,
        metadata.namespace,
        of,
      ]),
      rules: ofKind(objects, "PrometheusRule").map(({ metadata }) => [metadata.name, metadata.namespace]),
      ingress: ofKind(objects, "Ingress").map(({ metadata, spec: of }) => [metadata.name, metadata.annotations, of]),
      pdb: ofKind(objects, "PodDisruptionBudget").map(({ metadata, spec: of }) => [metadata.name, of]),
      extra: ofKind(objects, "ConfigMap")
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.endsWith("extra")),
    };
  };

  /** Where the two start from different defaults on purpose, both are told the same. */
  const level = {
    fullnameOverride: "",
    logInfoStdout: true,
    pdb: { create: false },
    podSecurityContext: { runAsNonRoot: null },
  };

  test.each([
    { name: "default values", values: {}, release: "sealed-secrets" },
    { name: "a release of another name", values: {}, release: "my-release" },
    { name: "a release whose name holds the chart's", values: {}, release: "x-sealed-secrets-y" },
    { name: "an overridden name", values: { fullnameOverride: "sealed-secrets-controller" }, release: "r" },
    { name: "a partly overridden name", values: { nameOverride: "ssc", namespace: "elsewhere" }, release: "r" },
    { name: "everything", values: shared(), release: "my-release" },
    {
      name: "ports and addresses",
      values: {
        containerPorts: { http: 9080, metrics: 9081 },
        hostPorts: { http: 9000 },
        service: { type: "LoadBalancer", port: 80, nodePort: 30080 },
      },
      release: "r",
    },
    { name: "an account of one's own", values: { serviceAccount: { create: false, name: "mine" } }, release: "r" },
    { name: "no proxier", values: { rbac: { serviceProxier: { create: false } } }, release: "r" },
    { name: "an unbound proxier", values: { rbac: { serviceProxier: { bind: false } } }, release: "r" },
    { name: "arguments of one's own", values: { args: ["--key-size=3072"], command: ["other"] }, release: "r" },
  ])("holds the same facts with $name", ({ values, release }) => {
    expect(facts(render(CHART, { ...level, ...values }, release))).toEqual(
      facts(theirs({ ...level, ...values }, release)),
    );
  });

  test("rights: nothing that the original's controller has not, but keys, leases and who edits", () => {
    const rights = (objects: Rendered[]) =>
      [...ofKind(objects, "ClusterRole"), ...ofKind(objects, "Role")].flatMap(({ kind, metadata, rules }) =>
        rules.flatMap(({ apiGroups, resources, resourceNames = ["*"], verbs }: Rendered) =>
          resources.flatMap((resource: string) =>
            resourceNames.flatMap((name: string) =>
              verbs.map((verb: string) => `${kind} ${metadata.name}: ${verb} ${apiGroups[0]}/${resource} ${name}`),
            ),
          ),
        ),
      );
    const values = { fullnameOverride: "s" };
    const [mine, others] = [rights(render(CHART, values)), rights(theirs(values))];
    expect(mine.filter((right) => !others.includes(right) && !right.startsWith("ClusterRole s-edit:"))).toEqual([
      "Role s-key-admin: watch /secrets *",
      "Role s-leader: create coordination.k8s.io/leases *",
      "Role s-leader: get coordination.k8s.io/leases s-lead",
      "Role s-leader: update coordination.k8s.io/leases s-lead",
    ]);
    expect(others.filter((right) => !mine.includes(right))).toEqual([
      "ClusterRole secrets-unsealer: delete /secrets *",
    ]);
  });
});

/** Values that both charts know, all of them other than the default. */
function shared(): Record<string, unknown> {
  return {
    namespace: "other",
    commonAnnotations: { ca: "x" },
    commonLabels: { cl: "z" },
    extraDeploy: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "{{ .Release.Name }}-extra" } }],
    image: { registry: "r.example", repository: "img", tag: "t", pullSecrets: ["reg"] },
    revisionHistoryLimit: 4,
    secretName: "my-keys",
    updateStatus: true,
    skipRecreate: true,
    keyrenewperiod: "0",
    keyttl: "8760h",
    keycutofftime: "Mon, 14 Oct 2024 21:45:30 +0200",
    rateLimit: "5",
    rateLimitBurst: "7",
    additionalNamespaces: ["a", "b"],
    privateKeyAnnotations: { x: "1", y: "2" },
    privateKeyLabels: { l: "1" },
    logInfoStdout: true,
    logLevel: "ERROR",
    logFormat: "json",
    maxRetries: "3",
    watchForSecrets: true,
    kubeClientQPS: "-1",
    kubeClientBurst: "20",
    podLabels: { pl: "z" },
    podAnnotations: { pa: "z" },
    priorityClassName: "high",
    runtimeClassName: "rc",
    hostUsers: false,
    affinity: { nodeAffinity: {} },
    nodeSelector: { k: "1" },
    tolerations: [{ key: "k", operator: "Exists" }],
    additionalVolumes: [{ name: "v", emptyDir: {} }],
    additionalVolumeMounts: [{ name: "v", mountPath: "/v" }],
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    service: { type: "NodePort", nodePort: 30001, annotations: { sa: "1" } },
    ingress: {
      enabled: true,
      tls: true,
      ingressClassName: "nginx",
      annotations: { "cert-manager.io/issuer": "1" },
      extraHosts: [{ name: "h.example", path: "/" }],
      extraTls: [{ hosts: ["h.example"], secretName: "s" }],
    },
    serviceAccount: { annotations: { a: "1" }, labels: { l: "2" }, name: "acc" },
    rbac: { labels: { r: "1" }, serviceProxier: { subjects: "- kind: User\n  name: bob\n" } },
    metrics: {
      prometheusRule: { enabled: true, namespace: "mon" },
      serviceMonitor: { enabled: true, namespace: "mon", interval: "10s", scrapeTimeout: "5s" },
      service: { type: "NodePort", nodePort: 30002 },
    },
    pdb: { create: true, minAvailable: 1, maxUnavailable: "" },
  };
}

/** Every value of ours, other than the default. */
function everything(): Record<string, unknown> {
  return {
    ...shared(),
    updateStatus: false,
    logInfoStdout: false,
    keySize: 3072,
    keyOrderPriority: "SecretCreationTimestamp",
    myCN: "sealkit.example",
    allNamespaces: false,
    labelSelector: "a in (b, c)",
    acceptDeprecatedV1Data: false,
    oldGcBehavior: true,
    metricsOmitSecretLabels: true,
    readTimeout: "30s",
    writeTimeout: "40s",
    trustedProxies: ["10.0.0.0/8", "fd00::/8"],
    unsealWorkers: 3,
    noGenerateKey: true,
    revertChanges: true,
    shutdownDelay: "7s",
    replicaCount: 3,
    maxRetries: 0,
    kubeClientQPS: -0.5,
    containerPorts: { http: 9080, metrics: 9081 },
    leaderElection: { enabled: true, leaseName: "my-lease" },
    networkPolicy: { egress: { enabled: true } },
    metrics: { dashboards: { create: true }, prometheusRule: { enabled: true }, serviceMonitor: { enabled: true } },
  };
}
