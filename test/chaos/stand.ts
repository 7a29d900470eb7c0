/**
 * Everything a chaos run disturbs: one PostgreSQL, and the services of a deployment, each
 * behind a proxy.
 */

import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newSecret } from "../../runtime/access/token.ts";
import { deployFolder, setPool } from "../../runtime/actions/index.ts";
import { loadFolder } from "../../runtime/bundler/folder.ts";
import { migrateQueue } from "../../runtime/executor/queue.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { migrate } from "../../runtime/store/database/migrate.ts";
import { freePort } from "../support/free_port.ts";
import { dagFiles } from "./dags.ts";
import { TcpProxy } from "./proxy.ts";
import { Server } from "./server.ts";
import { type Role, Service } from "./service.ts";

export interface StandOptions {
  readonly seed: number;
  /** The file that is the command `dag`, built or as source. */
  readonly bin: string;
  /** Names and roles. */
  readonly services: Readonly<Record<string, Role>>;
}

const ACTOR = "chaos";
const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;

export class Stand implements AsyncDisposable {
  /** Marks every process of this stand, down to the children of tasks. */
  readonly id = `chaos_${randomBytes(6).toString("hex")}`;
  readonly folder: string;
  readonly seed: number;
  readonly services: Service[] = [];
  /** Where the page answers. */
  readonly pagePort: number;
  /** With it programs may ask the page. */
  readonly webToken: string = newSecret();
  readonly server: Server;
  #revision = 0;

  private constructor(folder: string, seed: number, server: Server, pagePort: number) {
    this.folder = folder;
    this.seed = seed;
    this.pagePort = pagePort;
    this.server = server;
  }

  static async open({ seed, bin, services }: StandOptions): Promise<Stand> {
    const folder = await mkdtemp(join(tmpdir(), "dagsmith-chaos-"));
    // As root, PostgreSQL runs as another user, who must be able to enter this folder.
    await chmod(folder, 0o755);
    const server = await Server.open(join(folder, "server"));
    const stand = new Stand(folder, seed, server, await freePort());
    await migrate(stand.db);
    await migrateQueue(stand.db);
    await setPool(stand.db, { name: "narrow", slots: 3, actor: ACTOR });
    await writeFile(stand.journal, "");
    await stand.deploy();
    await stand.#startServices(bin, services);
    return stand;
  }

  /** Straight to the server, past all proxies. */
  get db(): Database {
    return this.server.db;
  }

  get journal(): string {
    return join(this.folder, "journal");
  }

  of(role: Role): readonly Service[] {
    return this.services.filter((service) => service.role === role);
  }

  /** Deploys the next revision of all DAGs. */
  deploy(): Promise<void> {
    return this.#deploy(true);
  }

  /**
   * Deploys all DAGs without the schedule. A pause would leave its queued runs queued for
   * ever.
   */
  endSchedule(): Promise<void> {
    return this.#deploy(false);
  }

  async #deploy(isScheduled: boolean): Promise<void> {
    const dags = join(this.folder, "dags");
    await mkdir(dags, { recursive: true });
    this.#revision += 1;
    const files = dagFiles(this.seed, this.#revision, isScheduled);
    for (const [file, text] of Object.entries(files)) await writeFile(join(dags, file), text);
    const loaded = await loadFolder(dags, { processes: 1, environment: { PATH } });
    const [error] = loaded.errors;
    if (error) throw new Error(error.message);
    await deployFolder(this.db, loaded, { actor: ACTOR });
  }

  async #startServices(bin: string, roles: StandOptions["services"]): Promise<void> {
    for (const [name, role] of Object.entries(roles)) {
      const url = new URL(this.server.url);
      const proxy = await TcpProxy.before(this.server.port);
      url.port = String(proxy.port);
      const env = {
        ...{ PATH, HOME, NODE_COMPILE_CACHE, NO_COLOR: "1" },
        DATABASE_URL: url.href,
        DAG_WEB_PORT: String(this.pagePort),
        DAG_WEB_TOKEN: this.webToken,
        CHAOS_ID: this.id,
        CHAOS_JOURNAL: this.journal,
      };
      const service = new Service({ name, role, bin, folder: this.folder, proxy, env });
      this.services.push(service);
      await service.start();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    for (const { proxy } of this.services) await proxy.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
