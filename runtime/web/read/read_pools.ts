/** Reads pools as people may see them. */
import { listPools, type PoolUsage } from "../../store/reads/pools.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

export async function readPools({ reader, mask }: WebServices): Promise<readonly PoolUsage[]> {
  return (await listPools(reader)).map((pool) => maskRow(mask, pool, ["name"]));
}
