/** Keeps a worker going: when one life of it ends unasked, what it still ran is ended and a new life begins. */
import { errorMessage } from "../../sdk/error_message.ts";
import { Worker, type WorkerOptions } from "./worker.ts";

export interface WorkerService {
  /** The id of the current life. */
  readonly id: string;
  /** Lets running tries finish for a while, then stops. Idempotent. */
  stop(): Promise<void>;
}

const RESTART_AFTER_MS = 1_000;

export async function startWorker(options: WorkerOptions): Promise<WorkerService> {
  let stopping: Promise<void> | undefined;
  let worker: Worker;
  let restarting: Promise<void> = Promise.resolve();

  const begin = async (): Promise<void> => {
    const died = Promise.withResolvers<string>();
    const life = new Worker(options, died.resolve);
    try {
      await life.start();
    } catch (error) {
      // Half begun it would hold tokens that nobody looks at.
      await life.abandon().catch(() => undefined);
      throw error;
    }
    worker = life;
    // However often a life says that it is dead, it is followed by one other.
    // This promise never rejects: only died.resolve is handed out.
    void died.promise.then((reason) => {
      if (stopping) return;
      options.log("worker restarts", { worker: life.id, reason });
      restarting = restart(life);
    });
  };
  const restart = async (dead: Worker): Promise<void> => {
    await dead.abandon().catch(() => undefined);
    while (!stopping) {
      try {
        return await begin();
      } catch (error) {
        options.log("worker could not restart", {
          reason: errorMessage(error),
        });
        await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
      }
    }
  };

  await begin();
  return {
    get id() {
      return worker.id;
    },
    stop: () => {
      stopping ??= (async () => {
        await restarting;
        await worker.stop();
      })();
      return stopping;
    },
  };
}
