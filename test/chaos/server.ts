/**
 * A PostgreSQL of its own, on a disk that can be full, for chaos and for tests of faults.
 * It has one fault at a time.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type EmbeddedPostgres, startPostgres } from "../../runtime/embedded/postgres.ts";
import {
  type Database,
  openDatabase,
  type Statement,
} from "../../runtime/store/database/database.ts";
import { databaseOn, type SmallDisk, smallDisk } from "../support/small_disk.ts";

const SETTINGS = ["fsync=off"];

export class Server {
  /** Straight to the server, past all proxies. */
  readonly db: Database;
  readonly #folder: string;
  readonly #disk: SmallDisk | undefined;
  #running: EmbeddedPostgres;
  #faults: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    url: string,
    running: EmbeddedPostgres,
    disk: SmallDisk | undefined,
  ) {
    this.#folder = folder;
    this.#disk = disk;
    this.#running = running;
    this.db = openDatabase(url, { poolSize: 4 });
  }

  /** Without mount namespaces its disk is never full. */
  static async open(folder: string): Promise<Server> {
    await mkdir(folder);
    const { found: disk } = await smallDisk(join(folder, "disk"));
    const running = await start(folder, disk);
    const url = disk ? await databaseOn(disk, running.url) : running.url;
    return new Server(folder, url, running, disk);
  }

  get url(): string {
    return this.db.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** @param crash without a checkpoint and without a farewell, as after a power cut */
  restart({ crash }: { readonly crash: boolean }): Promise<void> {
    return this.#next(async () => {
      if (crash) await this.#crash();
      await this.#running.stop();
      this.#running = await start(this.#folder, this.#disk, this.port);
    });
  }

  /** Stopped while `during` runs. */
  away(during: () => Promise<void>): Promise<void> {
    return this.#next(async () => {
      await this.#running.stop();
      await during().finally(async () => {
        this.#running = await start(this.#folder, this.#disk, this.port);
      });
    });
  }

  /** Whether {@link fillDisk} can be done here. */
  get canBeFull(): boolean {
    return this.#disk !== undefined;
  }

  /**
   * Nothing on its disk grows while `during` runs. @throws Error when its disk cannot be
   * full
   */
  fillDisk(during: () => Promise<void>): Promise<void> {
    const disk = this.#disk;
    if (!disk) throw new Error("this system has no mount namespaces");
    return this.#next(async () => {
      await disk.fill();
      await during().finally(() => disk.free());
    });
  }

  /** Transactions that begin while `during` runs may only read. */
  refuseWrites(during: () => Promise<void>): Promise<void> {
    return this.#next(async () => {
      await this.#set(READ_ONLY, "on");
      await during().finally(() => this.#set(WRITABLE, "off"));
    });
  }

  async stop(): Promise<void> {
    await this.db.close();
    await this.#running.stop();
    await this.#disk?.close();
  }

  #next<Result>(fault: () => Promise<Result>): Promise<Result> {
    const done = this.#faults.then(fault);
    this.#faults = done;
    return done;
  }

  /**
   * Sessions learn of a setting by a signal, a moment after the reload was asked for. A
   * transaction that began within that moment would still write.
   */
  async #set(setting: Statement, expected: "on" | "off"): Promise<void> {
    await this.db.query(setting);
    await this.db.query(RELOAD);
    const isKnown = async (): Promise<boolean> => {
      const [row] = await this.db.query<{ now: string }>(IS_READ_ONLY);
      return row?.now === expected;
    };
    while (!(await isKnown())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async #crash(): Promise<void> {
    const [row] = await this.db.query<{ pid: number }>(POSTMASTER);
    const pid = row?.pid ?? 0;
    process.kill(pid, "SIGQUIT");
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function start(folder: string, disk: SmallDisk | undefined, port?: number) {
  return startPostgres({
    folder: join(folder, "data"),
    settings: SETTINGS,
    ...(port !== undefined && { port }),
    ...(disk && { bin: disk.bin }),
  });
}

// Line 1 of the server's own file is its process.
const POSTMASTER = {
  name: "chaos_postmaster",
  text: "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid",
};
const READ_ONLY = {
  name: "chaos_read_only",
  text: "alter system set default_transaction_read_only = on",
};
const WRITABLE = {
  name: "chaos_writable",
  text: "alter system reset default_transaction_read_only",
};
const IS_READ_ONLY = {
  name: "chaos_is_read_only",
  text: "select current_setting('default_transaction_read_only') as now",
};
const RELOAD = { name: "chaos_reload", text: "select pg_reload_conf()" };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
