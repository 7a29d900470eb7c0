/** Assets as datasets of OpenLineage, by its naming: a namespace, and a name within it. Pure. */
import { z } from "zod";
import type { ReportedUpdate } from "../store/runs/reported_part.ts";
import { facet } from "./lineage_facet.ts";

export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Readonly<Record<string, object>>;
}

/** The columns of an asset, when an update names them in its `extra`. */
const described = z.object({
  schema: z.array(z.object({ name: z.string(), type: z.string().optional() })).min(1),
});

/** `s3://lake/raw/trips` is `raw/trips` in `s3://lake`. */
export function datasetOf(uri: string): LineageDataset {
  const [, namespace, name] = /^([a-z][\w+.-]*:\/\/[^/]*)\/?(.*)$/i.exec(uri) ?? [];
  if (namespace === undefined) return { namespace: "dagsmith", name: uri };
  return { namespace: withoutUser(namespace), name: name || "/" };
}

export function updatedDataset({ uri, extra }: ReportedUpdate): LineageDataset {
  const { data } = described.safeParse(extra);
  if (!data) return datasetOf(uri);
  const schema = facet("1-2-0/SchemaDatasetFacet", { fields: data.schema });
  return { ...datasetOf(uri), facets: { schema } };
}

/** A user is no part of the place; a URI of an asset has no password. */
function withoutUser(namespace: string): string {
  return namespace.replace(/\/\/.*@/, "//");
}
