/**
 * `dag rollback` and `dag promote`: make another version of a DAG, or another deployment,
 * current.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { PointRequest, Restored, RestoreRequest } from "../../actions/index.ts";
import type { Database } from "../../store/database/database.ts";
import { type AnyCommand, command, wrongUsage } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { REASON } from "../input/deployment_options.ts";
import { withDatabase } from "../project/database.ts";

interface Options {
  readonly all?: true;
  readonly deployment?: string;
  readonly reason?: string;
}

type Args = readonly [string | undefined, string | undefined];
type Kind = "rollback" | "promote";

export const rollback = versionCommand("rollback", {
  summary: "Go back to an earlier version of a DAG, or of the whole deployment",
  byDefault: "the one before",
  more: "Existing runs keep their version. The next deploy of a changed file makes the folder's version current again.",
  example: 'dag rollback daily_report 3 --reason "wrong totals"',
});

export const promote = versionCommand("promote", {
  summary: "Make the newest version of a DAG, or of the whole deployment, current again",
  byDefault: "the newest",
  more: "Existing runs keep their version. It ends a rollback.",
  example: "dag promote --deployment 4f1d2c9",
});

function versionCommand(
  kind: Kind,
  {
    byDefault,
    ...texts
  }: Pick<AnyCommand, "summary" | "example"> & {
    readonly more: string;
    readonly byDefault: string;
  },
): AnyCommand {
  return command({
    usage: `${kind} [dag] [version]`,
    ...texts,
    options: [
      { flags: "--all", text: `the whole deployment: to ${byDefault}` },
      {
        flags: "--deployment <id>",
        text: "the whole deployment: to this one, by its external id or number",
      },
      REASON,
    ],
    document: async () => (await import("../documents/dags.ts")).rolledBack,
    run: (cli, [dagId, version]: Args, { all, deployment, reason }: Options) => {
      const request = { actor: cli.config.user, ...(reason !== undefined && { reason }) };
      const isWhole = all === true || deployment !== undefined;
      if (isWhole === (dagId !== undefined))
        wrongUsage("[dag]", "name a DAG, or the whole deployment by --all or --deployment");
      return withDatabase(cli, async (db) => {
        if (dagId !== undefined)
          return point(db, kind, { ...request, dagId, ...numberOf(dagId, version) });
        const which = deployment !== undefined && { which: { name: deployment } };
        return restore(db, kind, { ...request, ...which });
      });
    },
  });
}

async function point(db: Database, kind: Kind, request: PointRequest) {
  const { dagId } = request;
  await needDag(db, dagId);
  const { promoteDag, rollbackDag } = await import("../../actions/index.ts");
  const version = await (kind === "rollback" ? rollbackDag : promoteDag)(db, request);
  return { json: { dagId, version }, lines: [`New runs of ${dagId} get version ${version}.`] };
}

async function restore(db: Database, kind: Kind, request: RestoreRequest) {
  const { promoteDeployment, rollbackDeployment } = await import("../../actions/index.ts");
  const act = kind === "rollback" ? rollbackDeployment : promoteDeployment;
  const restored = await act(db, request);
  return { json: restored, lines: restoredLines(restored) };
}

function restoredLines({ restored, externalId, changed, removed }: Restored): readonly string[] {
  return [
    ...changed.map(({ dagId, version }) => `New runs of ${dagId} get version ${version}.`),
    ...removed.map((dagId) => `Removed ${dagId} (its runs stay).`),
    `Deployment ${restored}${externalId === null ? "" : ` (${externalId})`} is current.`,
  ];
}

/**
 * A number beyond the range of the column is no version either. @throws DagsmithError
 * UNKNOWN_VERSION
 */
function numberOf(dagId: string, text: string | undefined): { readonly version?: number } {
  if (text === undefined) return {};
  if (/^[1-9]\d{0,8}$/.test(text)) return { version: Number(text) };
  throw new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version: text });
}
