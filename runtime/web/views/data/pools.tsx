/** Pools: their slots, and how many are taken and requested. */
import type { VNode } from "preact";
import type { PoolUsage } from "../../../store/reads/pools.ts";
import { Id } from "../parts/id.tsx";

export function PoolsPage({ pools }: { readonly pools: readonly PoolUsage[] }): VNode {
  return (
    <section id="pools">
      <div class="title">
        <h1>Pools</h1>
      </div>
      {pools.length === 0 ? (
        <p class="nothing">
          There are no pools. Create one with <code>dag pools set name slots</code>.
        </p>
      ) : (
        <PoolTable pools={pools} />
      )}
    </section>
  );
}

function PoolTable({ pools }: { readonly pools: readonly PoolUsage[] }): VNode {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>Pool</th>
          <th>Slots</th>
          <th>Running</th>
          <th>Queued</th>
          <th>Waiting</th>
          <th>Description</th>
        </tr>
      </thead>
      <tbody>
        {pools.map((pool) => (
          <tr>
            <th scope="row">
              <Id text={pool.name} />
            </th>
            <td class="number">{pool.slots < 0 ? "no limit" : pool.slots}</td>
            <td class="number">{pool.runningSlots}</td>
            <td class="number">{pool.queuedSlots}</td>
            <td class="number">{pool.waitingSlots}</td>
            <td>{pool.description}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
