/** MariaDB of Debian: installed when it is missing and this is root, with data of its own. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Certificate, makeCertificate } from "./certificates.ts";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { runs } from "./python_packages.ts";
import { until } from "./until.ts";

const run = promisify(execFile);
const SERVER = "/usr/sbin/mariadbd";

/** Its program. */
export async function findMariadb(): Promise<Counterpart<string>> {
  if (await runs(SERVER, "--version")) return { found: SERVER };
  if (process.getuid?.() !== 0) return { missing: `no ${SERVER}; install mariadb-server` };
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
  try {
    await run("apt-get", ["update"], { env });
    await run("apt-get", ["install", ...options, "mariadb-server"], { env, maxBuffer: 64 << 20 });
    return { found: SERVER };
  } catch (error) {
    return { missing: `mariadb-server cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

export interface Mariadb {
  readonly port: number;
  /** The certificate that the server shows. */
  readonly certificate: Certificate;
  stop(): Promise<void>;
}

/** A server with TLS, whose user `etl` has the password `secret` and the database `shop`. */
export async function startMariadb(program: string): Promise<Mariadb> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-mariadb-"));
  const [data, port, certificate] = [
    join(folder, "data"),
    await freePort(),
    await makeCertificate("db"),
  ];
  await writeFile(join(folder, "cert.pem"), certificate.cert);
  await writeFile(join(folder, "key.pem"), certificate.key);
  await writeFile(join(folder, "init.sql"), INIT);
  const place = ["--no-defaults", `--user=${process.getuid?.() === 0 ? "root" : ""}`];
  await run("mariadb-install-db", [...place, `--datadir=${data}`, "--skip-test-db"]);
  const server = spawn(
    program,
    [
      ...[...place, `--datadir=${data}`, `--socket=${join(folder, "socket")}`, `--port=${port}`],
      ...["--bind-address=127.0.0.1", `--pid-file=${join(folder, "pid")}`],
      ...[`--ssl-cert=${join(folder, "cert.pem")}`, `--ssl-key=${join(folder, "key.pem")}`],
      ...[`--init-file=${join(folder, "init.sql")}`, "--skip-name-resolve"],
    ],
    { stdio: "ignore" },
  );
  const exited = once(server, "exit");
  await until("the start of MariaDB", () => accepts(port));
  return {
    ...{ port, certificate },
    stop: async () => {
      server.kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

const INIT = `create database shop;
create user etl@'127.0.0.1' identified by 'secret';
grant all on *.* to etl@'127.0.0.1';
`;

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "data");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
