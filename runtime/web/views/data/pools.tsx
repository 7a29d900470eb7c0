/** Pools: their slots, how many are taken and requested, and forms to change them. */
import type { VNode } from "preact";
import type { PoolUsage } from "../../../store/reads/pools.ts";
import { type SetupPlace, SetupTabs } from "../frame/setup_tabs.tsx";
import { Field } from "../parts/field.tsx";
import { PostButton } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";

export interface PoolsProps {
  readonly pools: readonly PoolUsage[];
  /** Undefined: the user may not change pools. */
  readonly token: string | undefined;
  readonly error: string | undefined;
  readonly places: readonly SetupPlace[];
}

export function PoolsPage({ pools, token, error, places }: PoolsProps): VNode {
  return (
    <section id="pools">
      <div class="title">
        <h1>Pools</h1>
      </div>
      <SetupTabs at="pools" places={places} />
      {error !== undefined && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      {pools.length === 0 ? (
        <p class="nothing">
          There are no pools. Create one here, or with <code>dag pools set name slots</code>.
        </p>
      ) : (
        <PoolTable pools={pools} token={token} />
      )}
      {token !== undefined && (
        <details>
          <summary>New pool</summary>
          <PoolForm token={token} pool={undefined} />
        </details>
      )}
    </section>
  );
}

function PoolTable({ pools, token }: Pick<PoolsProps, "pools" | "token">): VNode {
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
          {token !== undefined && <th>Change</th>}
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
            {token !== undefined && (
              <td>
                <details>
                  <summary>Change {pool.name}</summary>
                  <PoolForm token={token} pool={pool} />
                  <PostButton
                    opensAnswer
                    action={`/pools/${encodeURIComponent(pool.name)}/delete`}
                    token={token}
                    fields={{ version: pool.version }}
                    class="button small danger"
                    confirm={`Delete pool ${pool.name}? Tasks that name it wait until it exists again.`}
                  >
                    Delete
                  </PostButton>
                </details>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function PoolForm({
  token,
  pool,
}: {
  readonly token: string;
  readonly pool: PoolUsage | undefined;
}): VNode {
  return (
    <form class="sheet" method="post" action="/pools">
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="version" value={pool?.version ?? 0} />
      {pool ? (
        <input type="hidden" name="name" value={pool.name} />
      ) : (
        <Field label="Name" hint="Letters, digits, and _ - .">
          <input name="name" required maxLength={100} />
        </Field>
      )}
      <Field label="Slots" hint="-1: no limit; 0: closed.">
        <input name="slots" type="number" min={-1} max={1_000_000} value={pool?.slots} required />
      </Field>
      <Field label="Description" hint={null}>
        <input name="description" maxLength={1_000} value={pool?.description} />
      </Field>
      <p>
        <button type="submit" class="button primary">
          {pool ? "Save" : "Create pool"}
        </button>
      </p>
    </form>
  );
}
