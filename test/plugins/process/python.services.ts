/** Python scripts on the Python of this machine, with packages from PyPI. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { python } from "dagsmith/plugins/process";
import { runTask } from "dagsmith/testing";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { describeWith } from "../../support/counterpart.ts";
import { findPyPI } from "../../support/python_packages.ts";

const REQUIREMENTS = ["six==1.16.0"];
const SIX = `import json, os, six
with open(os.environ["DAGSMITH_INPUT"]) as file: inputs = json.load(file)["inputs"]
with open(os.environ["DAGSMITH_OUTPUT"], "w") as file: json.dump({"six": six.__version__, **inputs}, file)
`;

describeWith("Python with PyPI", await findPyPI("six==1.16.0"), () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "python-test-"));
  });
  // Each test ends with the environment as it was.
  beforeEach(() => void vi.stubEnv("HOME", home));
  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  const environments = async (): Promise<number> =>
    (await readdir(join(home, ".cache/dagsmith/python"))).length;

  it("runs a script without packages, and logs each line when it is printed", async () => {
    const script = "import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint(sys.argv[1:])";
    const task = python({ script, args: () => ["a b", 3], output: z.string() });
    const { output } = await runTask(task);
    expect(output).toBe("['a b', '3']");
  });

  it("names the line at which a script failed", async () => {
    const failure = runTask(python({ script: "x = 1\nraise ValueError('no rows')" }));
    await expect(failure).rejects.toThrow(/exited with code 1.*line 2.*ValueError: no rows/s);
  });

  it("makes one environment for two tries at once, and keeps it", async () => {
    const task = python({ script: SIX, requirements: REQUIREMENTS });
    const runs = await Promise.all([
      runTask(task, { inputs: { repo: "a" } }),
      runTask(task, { inputs: { repo: "b" } }),
    ]);
    expect(runs.map(({ output }) => output)).toEqual([
      { six: "1.16.0", repo: "a" },
      { six: "1.16.0", repo: "b" },
    ]);
    expect(await environments()).toBe(2);
    await runTask(task, { inputs: {} });
    expect(await environments()).toBe(2);
  });

  it.each([
    ["a version that does not exist", ["six==0.0.999"]],
    ["a requirement that cannot be read", ["six=!"]],
  ])("fails the task for %s, and leaves no environment", async (_, requirements) => {
    const before = await environments();
    const failure = runTask(python({ script: SIX, requirements }));
    await expect(failure).rejects.toMatchObject({
      code: "REQUIREMENTS_UNRESOLVED",
      message: expect.stringMatching(/^The requirements .* do not resolve/),
    });
    expect(await environments()).toBe(before);
  });

  it("tells a package index that is not reached from requirements that do not resolve", async () => {
    const before = await environments();
    vi.stubEnv("PIP_INDEX_URL", "https://packages.invalid/simple");
    vi.stubEnv("UV_INDEX_URL", "https://packages.invalid/simple");
    vi.stubEnv("PIP_RETRIES", "1");
    const failure = runTask(python({ script: SIX, requirements: ["six==1.15.0"] }));
    await expect(failure).rejects.toThrow(/^The requirements .* cannot be installed now/);
    expect(await environments()).toBe(before);
  });

  it("fails the task for a version of Python that is not there", async () => {
    const failure = runTask(python({ script: SIX, requirements: REQUIREMENTS, version: "2.4" }));
    await expect(failure).rejects.toThrow(/^Python 2\.4 cannot make a virtual environment/);
  });
});
