/** Input about deployments: what another machine has bundled, and what is restored. */
import { z } from "zod";
import { dagSpec } from "../../../specs/dag_spec.ts";
import { dagId, filled, MAX_INT, optional, rowId, text } from "./fields.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in hex");
/** Of a file relative to the DAG folder. */
const path = text(1_000).min(1);
const line = z.int().min(0).max(MAX_INT);
const bytes = z.strictObject({
  bytes: z.int().min(0).max(MAX_INT),
  chunks: z.array(hash).max(1_024),
});
/** Of DAGs, bundles, folders and broken files each. */
const MOST = 20_000;

const importError = z.strictObject({
  ...{ file: path, line: line.nullable(), code: text(100), message: text(100_000) },
  stack: text(200_000).nullable(),
});

const externalId = text(200)
  .min(1)
  .meta({ description: "What you call the deployment, such as a commit" });
const reason = text(500).min(1).meta({ description: "Why, for the audit" });

export const deploymentBody = z
  .strictObject({
    ...{ format: z.int(), externalId: externalId.optional(), reason: reason.optional() },
    dags: z
      .array(
        z.strictObject({
          ...{ bundle: hash, file: path, spec: dagSpec },
          positions: z.record(z.string(), z.strictObject({ file: path, line })),
        }),
      )
      .max(MOST)
      .meta({ description: "Each with the spec that its inspection gave" }),
    bundles: z
      .array(
        z.strictObject({ hash, code: bytes, sourceMap: bytes, folders: z.array(hash).max(1_000) }),
      )
      .max(MOST),
    folders: z.array(z.strictObject({ hash, archive: bytes })).max(MOST),
    errors: z.array(importError).max(MOST),
  })
  .meta({ id: "SentDeployment", description: "As `dag deploy --to` sends it" });

export const deploymentsQuery = z.object({
  before: filled(optional(rowId)),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const pointBody = z.object({
  version: z.int().min(1).max(MAX_INT).optional().meta({
    description: "Default: of a rollback the version before the current one, else the newest",
  }),
  reason: reason.optional(),
});

export const restoreBody = z.object({
  deployment: text(200).min(1).optional().meta({
    description:
      "External id or number. Default: of a rollback the one before the current one, else the newest",
  }),
  reason: reason.optional(),
});

export const dagParams = z.object({ dagId });

export const deploymentParams = z.object({ id: rowId });

/** `latest`: the newest deployment when the page showed what would change. */
export const restoreForm = z.object({ reason: filled(optional(text(500))), latest: rowId });
