// BullMQ's two sides: `worker PORT`, and `call PORT WAY WHERE TAG WAIT_MS`, which prints
// how it ended as one line of JSON.
const { Queue, QueueEvents, Worker } = require("bullmq");

const [, , side, port, way, where, tag, wait] = process.argv;
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };

async function call() {
	const events = new QueueEvents("die", { connection });
	await events.waitUntilReady();
	const job = await new Queue("die", { connection }).add(way, { way, where, tag });
	let end = { kind: "ok" };
	try {
		await job.waitUntilFinished(events, Number(wait));
	} catch (e) {
		end = { kind: /timed out before finishing/.test(e.message) ? "pending" : "failed",
			text: e.message };
	}
	console.log(JSON.stringify(end));
	process.exit(0);
}

if (side === "worker") {
	const worker = new Worker("die", __dirname + "/ways.cjs", { connection, concurrency: 2 });
	worker.on("error", (e) => console.error(String(e)));
	worker.waitUntilReady().then(() => console.log("ready"));
} else {
	call();
}
