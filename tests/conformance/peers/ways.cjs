// The ways to die, as BullMQ's sandboxed processor. As ways.py, as far as JavaScript
// has them: there is no null pointer, so it sends itself the signal.
const fs = require("fs");
const { spawn } = require("child_process");

const monotonic = () => String(Number(process.hrtime.bigint()) / 1e9);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const deeper = (n) => deeper(n + 1) + 1;

async function die(way, put, runs) {
	const all = [];
	switch (way) {
	case "raise": throw new Error("no good");
	case "exit0": process.exit(0);
	case "exit3": process.exit(3);
	case "segv": process.kill(process.pid, "SIGSEGV"); break;
	case "abort": process.abort();
	case "stack": return deeper(0);
	case "oom":
		for (;;) {
			all.push(Buffer.alloc(8 << 20, 1));
			put("time", monotonic());
		}
	case "worker":
		if (runs === 1)
			await sleep(600000);
		break;
	case "kill9": case "hang": await sleep(600000); break;
	case "deaf": for (;;);
	case "cut":
		return ["x".repeat(4 << 20), { toJSON() { process.kill(process.pid, "SIGKILL"); } }];
	case "leave":
		put("left", String(spawn("sleep", ["600"], { detached: true, stdio: "inherit" }).pid));
		break;
	case "innocent": await sleep(3000); break;
	}
	return "ok";
}

module.exports = async (job) => {
	const { way, where, tag } = job.data;
	const put = (what, text) => fs.writeFileSync(`${where}/${tag}.${what}`, text);
	fs.appendFileSync(`${where}/${tag}.runs`, "run\n");
	const runs = fs.readFileSync(`${where}/${tag}.runs`, "utf8").split("\n").length - 1;
	put("time", monotonic());
	put("pid.new", String(process.pid));
	fs.renameSync(`${where}/${tag}.pid.new`, `${where}/${tag}.pid`);
	const result = await die(way, put, runs);
	put("time", monotonic());
	return result;
};
