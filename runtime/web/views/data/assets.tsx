/**
 * Assets: each with the tasks that update it and the DAGs that wait for it; and the
 * updates of one.
 */
import type { VNode } from "preact";
import type { AssetOverview } from "../../../store/reads/assets.ts";
import type { ListedAssetEvent } from "../../../store/sources/asset.ts";
import type { DrawnAssets } from "../../read/read_assets.ts";
import { PagedTable } from "../lists/paged_table.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";
import { AssetGraphDrawing } from "./asset_graph.tsx";

export interface AssetListProps {
  readonly assets: readonly AssetOverview[];
  readonly next: string | null;
  /** Null: on a later page, or for too many assets. */
  readonly drawn: DrawnAssets | null;
}

export function AssetList({ assets, next, drawn }: AssetListProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Assets</h1>
      </div>
      {drawn && <AssetGraphDrawing {...drawn} />}
      {assets.length === 0 ? (
        <p class="nothing">
          There are no assets: no task has <code>outlets</code>, and no schedule waits for an asset.
        </p>
      ) : (
        <PagedTable
          columns={["Asset", "Updated by", "Scheduled by", "Last update"]}
          next={next}
          nextLabel="Next"
        >
          {assets.map((asset) => (
            <Row asset={asset} />
          ))}
        </PagedTable>
      )}
    </>
  );
}

function Row({
  asset: { uri, name, producers, consumers, lastEventAt },
}: {
  readonly asset: AssetOverview;
}): VNode {
  return (
    <tr>
      <th scope="row">
        <a href={`/data/events?uri=${encodeURIComponent(uri)}`}>
          <Id text={uri} />
        </a>
        {name !== null && <p>{name}</p>}
      </th>
      <td>
        {producers.map(({ dagId, taskId }) => (
          <div>
            <a href={`/dags/${dagId}`}>
              <Id text={dagId} />
            </a>{" "}
            <span class="faint">
              <Id text={taskId} />
            </span>
          </div>
        ))}
        {producers.length === 0 && (
          <span class={consumers.length > 0 ? "bad" : "faint"}>
            no task; it may be updated by API
          </span>
        )}
      </td>
      <td>
        {consumers.map(({ dagId, isUpdated }) => (
          <div>
            <a href={`/dags/${dagId}`}>
              <Id text={dagId} />
            </a>
            {isUpdated && <span class="faint"> updated since its last run</span>}
          </div>
        ))}
        {consumers.length === 0 && <span class="faint">no DAG</span>}
      </td>
      <td>{lastEventAt === null ? <span class="faint">never</span> : <Time at={lastEventAt} />}</td>
    </tr>
  );
}

export interface AssetEventsProps {
  readonly uri: string;
  readonly events: readonly ListedAssetEvent[];
  readonly older: string | null;
  /** What leads to the asset, and what it leads to. */
  readonly lineage: DrawnAssets;
}

export function AssetEvents({ uri, events, older, lineage }: AssetEventsProps): VNode {
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href="/data">Assets</a>
      </nav>
      <div class="title">
        <h1>
          <Id text={uri} />
        </h1>
      </div>
      <AssetGraphDrawing {...lineage} uri={uri} />
      {events.length === 0 && <p class="nothing">It has no updates yet.</p>}
      {events.length > 0 && (
        <PagedTable columns={["Updated at", "By", "Run", "Extra"]} next={older}>
          {events.map(({ at, source, actor, extra }) => (
            <tr>
              <th scope="row">
                <Time at={new Date(at)} />
              </th>
              <td>
                {source ? (
                  <a href={`/dags/${source.dagId}`}>
                    <Id text={source.dagId} /> <Id text={source.taskId} />
                  </a>
                ) : (
                  (actor ?? "a run that was deleted")
                )}
              </td>
              <td>
                <Id text={source?.runId ?? ""} />
              </td>
              <td>
                <code>{JSON.stringify(extra)}</code>
              </td>
            </tr>
          ))}
        </PagedTable>
      )}
    </>
  );
}
