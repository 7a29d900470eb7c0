/**
 * The services of one process: started one after the other, and stopped in the reverse
 * order.
 */
import type { ServiceLog } from "../../service/log.ts";
import type { Loop } from "../../service/loop.ts";
import { type Cli, EXIT } from "../command.ts";
import { aborted, listenForStop } from "./signals.ts";

export interface Service {
  /**
   * How long its running tasks may take to finish when it is stopped, in milliseconds.
   * Default 0.
   */
  readonly graceMs?: number;
  /** Its background jobs, for metrics. Default: none. */
  loops?(): readonly Loop[];
  /** Idempotent. */
  stop(): Promise<void>;
}

/** Longest orderly stop of all services, apart from the grace of running tasks. */
const STOP_WITHIN_MS = 9_000;

/** Services to stop, the latest first. */
export class Running implements Service {
  readonly #services: Service[] = [];

  /** Whether all services have started. A probe asks before that. */
  isUp = false;
  readonly #ended = new AbortController();
  #fault: Error | undefined;

  /** Aborted when the process shall stop: it was asked to, or it cannot go on. */
  readonly stopAsked: AbortSignal;

  /** @param asked aborted when a signal asks the process to stop */
  constructor(asked: AbortSignal) {
    this.stopAsked = AbortSignal.any([asked, this.#ended.signal]);
  }

  /** Why the process cannot go on. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** Stops the services in order, and ends the process with this error. */
  fail(fault: Error): void {
    this.#fault ??= fault;
    this.#ended.abort();
  }

  /** How long an orderly stop may take from now on, in milliseconds. */
  get stopWithinMs(): number {
    return STOP_WITHIN_MS + Math.max(0, ...this.#services.map(({ graceMs = 0 }) => graceMs));
  }

  /** The background jobs of all services that run. */
  loops(): readonly Loop[] {
    return this.#services.flatMap((service) => service.loops?.() ?? []);
  }

  /** Adds a service, and returns it. */
  add<One extends Service>(service: One): One {
    this.#services.push(service);
    return service;
  }

  /** A service that fails to stop keeps no other open. @throws Error of the first failure */
  async stop(): Promise<void> {
    const faults: unknown[] = [];
    for (let service = this.#services.pop(); service; service = this.#services.pop())
      await service.stop().catch((fault: unknown) => faults.push(fault));
    if (faults.length > 0) throw faults[0];
  }
}

/**
 * Runs `start` and keeps its services running until a stop is requested. After any
 * failure, all of them are stopped. A stop request counts from the beginning: a process
 * that dies during its start would leave its database running.
 * @param start `stopAsked` is aborted when a stop is requested during the start
 */
export async function runServices<Result>(
  cli: Cli,
  start: (running: Running) => Promise<Result>,
): Promise<Result> {
  const asked = listenForStop(() =>
    cli.terminal.note("stopped at once; new tries will replace the running ones"),
  );
  const running = new Running(asked);
  running.stopAsked.addEventListener("abort", () => endInTime(cli, running), { once: true });
  try {
    const result = await start(running);
    if (running.fault) throw running.fault;
    return result;
  } finally {
    await running.stop();
  }
}

/**
 * Ends the process when its orderly stop takes too long: a silent system must not keep it
 * alive.
 */
function endInTime({ terminal }: Cli, { stopWithinMs }: Running): void {
  const end = (): never => {
    terminal.note(`stopped at once: an orderly stop took longer than ${stopWithinMs / 1_000} s`);
    process.exit(EXIT.failed);
  };
  setTimeout(end, stopWithinMs).unref();
}

/** Keeps services running, which have all started, until a stop is requested. */
export async function serve(
  { cli, log }: { readonly cli: Pick<Cli, "say">; readonly log: ServiceLog },
  running: Running,
): Promise<void> {
  running.isUp = true;
  log("service_started");
  await aborted(running.stopAsked);
  log("service_stopping");
  cli.say("running tasks may finish (Ctrl-C again to stop at once)");
}
