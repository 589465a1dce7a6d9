// dockerode.js - what programs do with Docker's SDK for Node.
// dockerode.js IMAGE CONTAINER-OF-ANOTHER-USER; each line that it prints is
// a row of clients.t.
'use strict';
const Docker = require('dockerode');
const { PassThrough } = require('stream');
const [image, other] = process.argv.slice(2);
const docker = new Docker();	// DOCKER_HOST

const text = (stream) => new Promise((done, fail) => {
	let s = '';
	stream.on('data', (d) => { s += d; });
	stream.on('end', () => done(s));
	stream.on('error', fail);
});
const words = (s) => s.trim().split(/\s+/).join(' ');

// A stream in which stdout and stderr are interleaved.
const apart = async (stream) => {
	const out = new PassThrough(), err = new PassThrough();
	docker.modem.demuxStream(stream, out, err);
	stream.on('end', () => { out.end(); err.end(); });
	return Promise.all([text(out), text(err)]);
};

// A tar of one file.
const tar = (name, body) => {
	const head = Buffer.alloc(512), data = Buffer.alloc(512);
	data.write(body);
	head.write(name, 0);
	head.write('0000644\0', 100);
	head.write('0000000\0', 108);
	head.write('0000000\0', 116);
	head.write(body.length.toString(8).padStart(11, '0') + '\0', 124);
	head.write('00000000000\0', 136);
	head.write('        ', 148);
	head.write('0', 156);
	head.write('ustar\0' + '00', 257);
	const sum = head.reduce((a, b) => a + b, 0);
	head.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
	return Buffer.concat([head, data, Buffer.alloc(1024)]);
};

const run = async (box, Cmd, more) => {
	const exec = await box.exec({ Cmd, AttachStdout: true,
	    AttachStderr: true, ...more });
	const got = await apart(await exec.start({}));
	return [...got, (await exec.inspect()).ExitCode];
};

async function running(box) {
	let [out, err, code] = await run(box, ['echo', 'from-exec']);
	console.log('exec', out.trim());
	[out, err, code] = await run(box, ['sh', '-c', 'echo out; echo err >&2']);
	console.log('exec streams', out.trim(), err.trim());
	[out, err, code] = await run(box, ['sh', '-c', 'exit 3']);
	console.log('exec exit', code);
	console.log('stats', (await box.stats({ stream: false })).name.slice(1));
	const stats = await box.stats({ stream: true });
	let seen = 0;
	await new Promise((done) => stats.on('data', () => {
		if (++seen === 2)
			stats.destroy(), done();
	}));
	console.log('stats stream', seen);
	const top = await box.top();
	console.log('top', words(top.Processes[0].pop()).split(' ')[0]);
	await box.putArchive(tar('text.txt', 'hello'), { path: '/tmp' });
	[out] = await run(box, ['cat', '/tmp/text.txt']);
	console.log('archive', out);
	const stat = await box.infoArchive({ path: '/tmp/text.txt' });
	stat.resume();
	console.log('archive stat', JSON.parse(Buffer.from(
	    stat.headers['x-docker-container-path-stat'], 'base64')).name);
	await text(await box.getArchive({ path: '/tmp/text.txt' }));
	await box.pause();
	console.log('pause', (await box.inspect()).State.Status);
	await box.unpause();
	await box.update({ Memory: 64 << 20, MemorySwap: 128 << 20 });
	console.log('update', (await box.inspect()).HostConfig.Memory);
	await box.rename({ name: 'ds01t-node2' });
	console.log('rename', (await box.inspect()).Name.slice(1));
}

async function attached() {
	const box = await docker.createContainer({ Image: image, OpenStdin: true,
	    StdinOnce: true, AttachStdin: true, AttachStdout: true,
	    Cmd: ['sh', '-c', 'read x; echo got $x'] });
	const stream = await box.attach({ stream: true, stdin: true,
	    stdout: true, stderr: true, hijack: true });
	const got = apart(stream);
	await box.start();
	stream.write('typed\n');
	stream.end();
	console.log('attach', (await got)[0].trim());
	await box.wait();
	await box.remove();
}

async function logged() {
	let box = await docker.createContainer({ Image: image,
	    Cmd: ['sh', '-c', 'echo 1; echo 2 >&2'] });
	await box.start();
	await box.wait();
	const follow = await box.logs({ stdout: true, stderr: true, follow: true });
	console.log('logs', words((await apart(follow)).join('')));
	await box.remove();
	box = await docker.createContainer({ Image: image, Tty: true,
	    Cmd: ['sh', '-c', 'echo tty; read x; exit 5'], OpenStdin: true });
	await box.start();
	await box.resize({ h: 40, w: 100 });
	console.log('resize ok');
	const wait = box.wait();
	const stream = await box.attach({ stream: true, stdin: true,
	    hijack: true });
	stream.write('x\n');
	console.log('wait', (await wait).StatusCode);
	stream.destroy();
	console.log('logs of a terminal', words(String(
	    await box.logs({ stdout: true }))).split(' ')[0]);
	await box.remove();
}

async function watched() {
	const since = Math.floor(Date.now() / 1000) - 1;
	const stream = await docker.getEvents({ since,
	    filters: { container: ['ds01t-watched'] } });
	const seen = [];
	const all = new Promise((done) => stream.on('data', (d) => {
		for (const line of String(d).trim().split('\n'))
			seen.push(JSON.parse(line).Action);
		if (seen.includes('destroy'))
			stream.destroy(), done();
	}));
	const out = new PassThrough(), got = text(out);
	const [end, box] = await docker.run(image, ['echo', 'from-run'], out,
	    { name: 'ds01t-watched' });
	out.end();
	console.log('run', end.StatusCode, (await got).trim());
	await box.remove();
	await all;
	console.log('events', seen.filter((a) =>
	    /^(create|start|die|destroy)$/.test(a)).join(' '));
}

async function objects(box) {
	await docker.createVolume({ Name: 'ds01t-nodevol' });
	const { Volumes } = await docker.listVolumes();
	console.log('volume', Volumes.map((v) => v.Name).join(' '));
	await docker.getVolume('ds01t-nodevol').remove();
	const net = await docker.createNetwork({ Name: 'ds01t-nodenet' });
	await net.connect({ Container: box.id });
	console.log('network', (await docker.listNetworks({ filters:
	    { type: ['custom'] } })).map((n) => n.Name).join(' '));
	await net.disconnect({ Container: box.id });
	await net.remove();
	const build = await docker.buildImage(require('stream').Readable.from(
	    [tar('Dockerfile', `FROM ${image}\nRUN echo built >/made\n`)]),
	    { t: 'ds01t-alice/node' });
	await new Promise((done, fail) => docker.modem.followProgress(build,
	    (e, all) => e || all.some((l) => l.error) ?
	    fail(e || new Error(JSON.stringify(all))) : done()));
	const out = new PassThrough(), got = text(out);
	await docker.run('ds01t-alice/node', ['cat', '/made'], out,
	    { HostConfig: { AutoRemove: true } });
	out.end();
	console.log('build', (await got).trim());
	await box.commit({ repo: 'ds01t-alice/commit', changes: 'CMD ["cat"]' });
	console.log('commit', (await docker.getImage('ds01t-alice/commit')
	    .inspect()).Config.Cmd[0]);
	await docker.getImage('ds01t-alice/commit').remove();
	await docker.getImage('ds01t-alice/node').remove();
	console.log('images', (await docker.listImages()).length > 0 ? 'own' : '');
	console.log('df', (await docker.df()).Containers.length === 1 ? 'own' : '');
}

async function refused(what, call, status) {
	try {
		await call();
		console.log('NOT REFUSED', what);
	} catch (e) {
		console.log(status === 404 ? what : `refused ${what}`, e.statusCode);
		if (what === 'get')
			console.log(e.json.message);
	}
}

async function main() {
	await docker.ping();
	await docker.version();
	await docker.info();
	const box = await docker.createContainer({ Image: image,
	    name: 'ds01t-node', Cmd: ['sleep', '600'], StopSignal: 'SIGKILL',
	    HostConfig: { Memory: 128 << 20 }, Labels: { a: 'b' } });
	await box.start();
	console.log('list', (await docker.listContainers({ all: true }))
	    .map((c) => c.Names[0].slice(1)).join(' '));
	await running(box);
	await attached();
	await logged();
	await watched();
	await objects(box);
	const theirs = docker.getContainer(other);
	await refused('get', () => theirs.inspect());
	await refused('exec', () => theirs.exec({ Cmd: ['id'] }));
	await refused('remove', () => theirs.remove({ force: true }));
	await refused('privileged', () => docker.createContainer({ Image: image,
	    HostConfig: { Privileged: true } }));
	await refused('missing', () => docker.getContainer('nosuch').inspect(), 404);
	await box.restart({ t: 0 });
	await box.stop({ t: 0 });
	await box.remove({ v: true });
	console.log('done');
}

main().catch((e) => { console.error(e); process.exit(1); });
