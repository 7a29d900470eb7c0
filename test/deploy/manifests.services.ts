/** The files of deploy/ against the schemas of the systems that read them. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { type Counterpart, describeWith } from "../support/counterpart.ts";

const folder = mkdtempSync(join(tmpdir(), "dagsmith-manifests-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const deploy = (name: string): string =>
  fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));

/** A checker that carries the schemas that Kubernetes publishes. */
function findChecker(): Counterpart<string> {
  const asked = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--target",
    folder,
    "kubernetes-validate==1.37.0",
  ];
  const { status, stderr } = spawnSync("python3", asked, { encoding: "utf8" });
  if (status === 0) return { found: join(folder, "bin/kubernetes-validate") };
  return { missing: `PyPI cannot be reached: ${(stderr ?? "").trim().slice(-200)}` };
}

describeWith("the schemas of Kubernetes", findChecker(), (checker) => {
  // KEDA's own kind, and the list for kustomize, are not part of Kubernetes.
  const others = ["kustomization.yaml", "worker-autoscaling.yaml"];
  const manifests = readdirSync(deploy("kubernetes")).filter((name) => !others.includes(name));

  it.each(manifests)("accept deploy/kubernetes/%s", (name) => {
    const checked = spawnSync(checker, ["--strict", deploy(`kubernetes/${name}`)], {
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: folder },
    });
    expect(checked.stderr + checked.stdout).toContain("passed for resource");
    expect(checked.status).toBe(0);
  });

  it("refuse a field that does not exist", () => {
    const wrong = join(folder, "wrong.yaml");
    const right = readFileSync(deploy("kubernetes/worker.yaml"), "utf8");
    writeFileSync(wrong, right.replace("replicas: 2", "replica: 2"));
    const env = { ...process.env, PYTHONPATH: folder };
    expect(spawnSync(checker, ["--strict", wrong], { env }).status).not.toBe(0);
  });
});

describeWith("systemd", findSystemd(), () => {
  it("accepts deploy/systemd/dagsmith@.service", () => {
    const unit = join(folder, "dagsmith@.service");
    const text = readFileSync(deploy("systemd/dagsmith@.service"), "utf8");
    writeFileSync(unit, text.replace("/srv/dagsmith/node_modules/.bin/dag", "/bin/true"));
    expect(execFileSync("systemd-analyze", ["verify", unit], { encoding: "utf8" })).toBe("");
  });
});

function findSystemd(): Counterpart<true> {
  if (spawnSync("systemd-analyze", ["--version"]).status === 0) return { found: true };
  return { missing: "systemd-analyze is not installed" };
}
