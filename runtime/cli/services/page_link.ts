/**
 * How people get into the page: by a link on this machine, as Jupyter does it, or as
 * users. The first start of a deployment prints a link that makes the first admin.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { newSecret } from "../../access/token.ts";
import type { WebLink } from "../../web/index.ts";
import type { Cli } from "../command.ts";
import { projectFiles } from "../project/project.ts";
import { DEFAULT_PORT, type Surroundings } from "./services.ts";

/**
 * The link of a page on this machine. Its secret stays the same, so that a bookmark and
 * an open page go on after a restart. Only its owner can read the file.
 */
export async function keepPageLink({ folder }: Pick<Cli, "folder">): Promise<WebLink> {
  const file = projectFiles(folder).pageLink;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, newSecret(), { flag: "wx", mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return { secret: (await readFile(file, "utf8")).trim(), user: userName() };
}

/** The address that opens the page. */
export function linkAddress(url: string, { secret }: WebLink): string {
  return `${url}/open?token=${secret}`;
}

/** The address of a link that works once. */
export function welcomeAddress({ config: { baseUrl, web } }: Pick<Cli, "config">, secret: string) {
  const host = web.host.includes(":") ? `[${web.host}]` : web.host;
  const scheme = web.tls === null ? "http" : "https";
  return `${baseUrl ?? `${scheme}://${host}:${web.port ?? DEFAULT_PORT}`}/welcome?code=${secret}`;
}

/** The user of the system, as a name of a user of the page. */
function userName(): string {
  const name = userInfo()
    .username.toLowerCase()
    .replace(/[^a-z0-9._@+-]/g, "-");
  return /^[a-z0-9]/.test(name) ? name.slice(0, 100) : `user${name}`.slice(0, 100);
}

/**
 * Prints where the page is, and, while there are no users, the link for the first admin.
 */
export async function sayPage({ cli, db }: Surroundings, url: string): Promise<void> {
  const address = cli.config.baseUrl ?? url;
  const { hasUsers } = await import("../../store/access/web_user.ts");
  cli.say(`The page is at ${address}`);
  if (cli.config.oidc !== null || (await hasUsers(db))) return;
  const { makeLoginLink } = await import("../../actions/index.ts");
  const secret = await makeLoginLink(db, { name: null, actor: cli.config.user });
  cli.say(`Make the first admin, once: ${address}/welcome?code=${secret}`);
}
