/** The plug under undici 8, as the dispatcher of its own functions and of Node's own fetch. */
import { Agent, type Dispatcher, request, setGlobalDispatcher } from "undici-8";
import { piloted } from "../../../src/plugs/undici/mod.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends } from "../support/backends.ts";

await Backends.run(async (it) => {
  // Its types are those of undici 7.
  const interceptor = piloted(it.piloted) as unknown as Dispatcher.DispatcherComposeInterceptor;
  const agent = new Agent();
  setGlobalDispatcher(agent.compose(interceptor));
  await it.list("dead", await it.deadPort());
  const busy = await it.start("busy", (_, response) => void response.writeHead(503).end("busy"));
  await it.start("a");
  const answers = new Set<string>();
  for (let i = 0; i < 6; i++) {
    answers.add(await (await fetch("http://myService/orders")).text());
    const { statusCode, body } = await request("http://myService/orders");
    answers.add(`${statusCode} ${await body.text()}`);
  }
  // Sent once: nobody says whether the 503 has executed it.
  const posts = new Set<string>();
  for (let i = 0; i < 6; i++) {
    posts.add(await (await fetch("http://myService/", { method: "POST", body: "x" })).text());
  }
  await waitUntil(() => it.pendingCount === 0);
  const closed = await it.piloted.close().then(() => fetch("http://myService/")).catch((error) =>
    String(error.cause)
  );
  console.log(JSON.stringify({
    answers: [...answers].sort(),
    posts: [...posts].sort(),
    busyPosts: busy.requests.filter((line) => line.startsWith("POST")).length <= 6,
    closed: /closed/.test(closed as string),
  }));
  await agent.close();
}, { balancer: "round-robin", outliers: false });
