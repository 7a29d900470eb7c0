/** What a task got from tasks before it and what it left for others, as trees of JSON. */
import type { ComponentChildren, VNode } from "preact";
import type { XComValue } from "../../../store/reads/tries.ts";
import type { ShownInput } from "../../read/read_inputs.ts";
import { Id } from "../parts/id.tsx";
import { shownText } from "../values/json_fold.tsx";
import { JsonValue } from "../values/json_value.tsx";

/** Shorter values are shown at once. Characters. */
const SHORT = 400;

export interface ValueProps {
  readonly name: ComponentChildren;
  readonly value: Omit<XComValue, "key">;
}

export function Value({ name, value: { value, bytes } }: ValueProps): VNode {
  return (
    <details class="xcom" open={value.length < SHORT}>
      <summary>
        {name} <span class="faint">{bytes} bytes</span>
      </summary>
      {value === "" ? (
        <p class="faint">too large for the page: it is stored in a file</p>
      ) : (
        <JsonValue text={shownText(value, bytes)} />
      )}
    </details>
  );
}

export interface InputsProps {
  readonly inputs: readonly ShownInput[];
  readonly runId: number;
}

export function Inputs({ inputs, runId }: InputsProps): VNode {
  return (
    <section id="inputs" data-live aria-label="Inputs">
      {inputs.map((input) => (
        <Input input={input} runId={runId} />
      ))}
    </section>
  );
}

function Input({ input, runId }: { readonly input: ShownInput; readonly runId: number }): VNode {
  const { name, taskId, field, value } = input;
  const title = (
    <>
      Input {name} from{" "}
      <a href={`/runs/${runId}/tasks/${taskId}`}>
        <Id text={taskId} />
      </a>
      {field !== null && ` (${field})`}
    </>
  );
  if (value) return <Value name={title} value={value} />;
  return <p class="faint">{title}: no single output</p>;
}
