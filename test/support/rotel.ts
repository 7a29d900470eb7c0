/** Rotel, a collector of OpenTelemetry that is not ours; it prints the spans that it takes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { findInstalled } from "./python_packages.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/** Its program, which lies inside a package of Python. */
export async function findRotel(): Promise<Counterpart<string>> {
  const python = await findInstalled({
    folder: join(tmpdir(), "dagsmith-rotel"),
    requirement: "rotel==0.0.1a15",
    ...{ program: "python", probe: "-c import rotel" },
  });
  if ("missing" in python) return python;
  const where = await run(python.found, ["-c", "import rotel; print(rotel.__file__)"]);
  return { found: join(dirname(where.stdout.trim()), "rotel-agent") };
}

/** A span as it prints it. */
interface PrintedSpan {
  readonly trace: string;
  /** Empty: none. */
  readonly parent: string;
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

export interface Rotel {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  spans(): readonly PrintedSpan[];
  /** All that it has printed, with the attributes of spans. */
  text(): string;
  stop(): Promise<void>;
}

export async function startRotel(program: string): Promise<Rotel> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-rotel-run-"));
  const [http, grpc] = [await freePort(), await freePort()];
  const child = spawn(
    program,
    [
      ...["start", "--exporter", "blackhole", "--pid-file", join(folder, "pid")],
      ...["--debug-log", "traces", "--debug-log-verbosity", "detailed"],
      ...["--otlp-http-endpoint", `127.0.0.1:${http}`],
      ...["--otlp-grpc-endpoint", `127.0.0.1:${grpc}`],
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const url = `http://127.0.0.1:${http}`;
  await until("Rotel to answer", () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return {
    ...{ url, spans: () => spansIn(printed), text: () => printed },
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SPAN =
  /Trace ID +: (?<trace>\w+)\n +Parent ID +: (?<parent>\w*)\n +ID +: (?<id>\w+)\n +Name +: (?<name>.*)\n +Kind .*\n.*\n.*\n +Status code +: (?<status>\w+)/g;

function spansIn(printed: string): readonly PrintedSpan[] {
  return [...printed.matchAll(SPAN)].map(({ groups }) => ({ ...groups }) as unknown as PrintedSpan);
}
