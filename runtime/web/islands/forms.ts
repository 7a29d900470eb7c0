/**
 * Buttons that change something without leaving the page, and a question before changes
 * that cannot be undone.
 */
import { refresh } from "./live.ts";

export function startForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const { confirm: question, island } = form.dataset;
    if (question && !confirm(question)) event.preventDefault();
    else if (island === "post") post(event, form);
  });
}

function post(event: Event, form: HTMLFormElement): void {
  event.preventDefault();
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  // send() never rejects: it shows its failure on the page.
  void send(form);
}

async function send(form: HTMLFormElement): Promise<void> {
  const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => undefined);
  if (answer?.ok) return refresh();
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  const status = document.getElementById("connection");
  if (status)
    status.textContent = answer
      ? `refused (${answer.status}); reload the page`
      : "no answer; try again";
}
