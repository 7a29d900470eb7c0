/** Reads the code of a DAG's version, as people may see it. */

import { DagsmithError } from "../../../sdk/errors.ts";
import { getCode, listOfferedVersions, type OfferedVersion } from "../../store/reads/code.ts";
import { type SourceFile, sourceFiles } from "../code/source_files.ts";
import type { WebServices } from "../http/services.ts";

export interface CodeOfVersion {
  readonly version: number;
  /** The DAG's own file first. */
  readonly files: readonly SourceFile[];
}

export function readVersions(
  { reader }: WebServices,
  dagId: string,
): Promise<readonly OfferedVersion[]> {
  return listOfferedVersions(reader, dagId);
}

/** @throws DagsmithError UNKNOWN_VERSION */
export async function readCode(
  { reader, mask }: WebServices,
  dagId: string,
  version: number,
): Promise<CodeOfVersion> {
  const code = await getCode(reader, dagId, version);
  if (!code) throw new DagsmithError("UNKNOWN_VERSION", { dag: dagId, version });
  const files = sourceFiles(code.sourceMap, code.file);
  return { version, files: files.map(({ path, text }) => ({ path, text: mask(text) })) };
}
