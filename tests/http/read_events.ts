/** Reads server-sent events from a response. */

export interface SentEvent {
  type: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

/** The events of a stream, one after the other; comments count as events of type "comment". */
export async function* readEvents(response: Response): AsyncGenerator<SentEvent, void, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body! as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (lines[0]!.startsWith(":")) yield { type: "comment", id: undefined, data: {} };
      const data = field("data");
      if (data !== undefined) {
        yield { type: field("event")!, id: field("id"), data: JSON.parse(data) };
      }
    }
  }
}
