/** `dag doctor`: finds what prevents dagsmith from working here, and says what to do. */
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { errorMessage } from "../../../sdk/error_message.ts";
import { MAX_OUTPUT_BYTES } from "../../../sdk/json.ts";
import { type Cli, command } from "../command.ts";
import { DEFAULT_FOLDER } from "../find/dags.ts";
import { findDatabaseUrl, withDatabase, withDatabaseAt } from "../project/database.ts";
import { findSecretKeys } from "../project/secrets.ts";
import { type Finding, memberFindings } from "../reports/member_findings.ts";
import { serverFindings } from "../reports/server_findings.ts";
import { xcomFiles } from "../services/services.ts";
import { packageVersion } from "../version.ts";

export const doctor = command({
  usage: "doctor",
  summary:
    "Check Node, the folder, the database, the key, the store of large values, schedulers and workers",
  example: "dag doctor",
  document: async () => (await import("../documents/project.ts")).examined,
  run: async (cli) => {
    const findings: Finding[] = [
      { check: "dagsmith", result: "ok", detail: `${packageVersion()} on Node ${process.version}` },
      await folderFinding(cli),
      await keyFinding(cli),
      await embeddedFinding(),
      await largeValuesFinding(cli),
      ...(await databaseFindings(cli)),
    ];
    const { style } = cli.terminal;
    const sign = { ok: style.green("✔"), note: style.yellow("•"), no: style.red("✖") };
    return {
      json: { ok: findings.every(({ result }) => result !== "no"), findings },
      lines: findings.map(({ check, result, detail }) => `${sign[result]} ${check}: ${detail}`),
      failed: findings.some(({ result }) => result === "no"),
    };
  },
});

async function folderFinding({ folder }: Cli): Promise<Finding> {
  const dags = resolve(folder, DEFAULT_FOLDER);
  return access(dags).then(
    () => ({ check: "folder", result: "ok", detail: `${dags} is there` }),
    () => ({
      check: "folder",
      result: "note",
      detail: `${dags} does not exist; create a project with: dag init`,
    }),
  );
}

async function keyFinding(cli: Cli): Promise<Finding> {
  const check = "secret key";
  try {
    if (await findSecretKeys(cli))
      return { check, result: "ok", detail: "stored connections can be read and written" };
    return {
      check,
      result: "note",
      detail: "DAG_SECRET_KEY is not set: connections come from the environment only",
    };
  } catch (error) {
    return { check, result: "no", detail: errorMessage(error) };
  }
}

async function embeddedFinding(): Promise<Finding> {
  const check = "embedded PostgreSQL";
  try {
    const { binaries, serverUser } = await import("../../embedded/binaries.ts");
    await binaries(await serverUser());
    return { check, result: "ok", detail: "`dag dev` can start one" };
  } catch (error) {
    return { check, result: "note", detail: errorMessage(error) };
  }
}

/** The result of this machine; each worker checks for itself. */
async function largeValuesFinding(cli: Cli): Promise<Finding> {
  const check = "large values";
  const xcoms = cli.config.xcoms.folder === null ? undefined : xcomFiles(cli);
  if (!xcoms)
    return {
      check,
      result: "note",
      detail: `DAG_XCOM_FOLDER is not set: outputs have at most ${MAX_OUTPUT_BYTES} bytes`,
    };
  try {
    const { tryLargeValues } = await import("../../large_values/open.ts");
    return {
      check,
      result: "ok",
      detail: `${await tryLargeValues(xcoms.folder)} can be written to and read`,
    };
  } catch (error) {
    return { check, result: "no", detail: errorMessage(error) };
  }
}

async function databaseFindings(cli: Cli): Promise<readonly Finding[]> {
  const url = await findDatabaseUrl(cli);
  if (url === null)
    return [
      {
        check: "database",
        result: "note",
        detail: "DATABASE_URL is not set and no `dag dev` runs here",
      },
    ];
  const { withoutPassword } = await import("../../store/database/probe.ts");
  try {
    const facts = await withDatabaseAt(cli, url, async (db) => {
      const { serverFacts } = await import("../../store/database/server_facts.ts");
      return serverFacts(db, url);
    });
    const reached: Finding = {
      check: "database",
      result: "ok",
      detail: `${withoutPassword(url)} answers: PostgreSQL ${facts.version}`,
    };
    return [
      reached,
      ...serverFindings(facts, cli.config.databaseUrlDirect !== null),
      ...(await schemaFindings(cli)),
    ];
  } catch (error) {
    return [{ check: "database", result: "no", detail: errorMessage(error) }];
  }
}

async function schemaFindings(cli: Cli): Promise<readonly Finding[]> {
  try {
    const members = await withDatabase(cli, async (db) => {
      const { listMembers } = await import("../../store/reads/health.ts");
      return listMembers(db);
    });
    return [{ check: "tables", result: "ok", detail: "up to date" }, ...memberFindings(members)];
  } catch (error) {
    return [{ check: "tables", result: "no", detail: errorMessage(error) }];
  }
}
