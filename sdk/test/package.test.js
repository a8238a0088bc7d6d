import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const sdk = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'vestibule-package-'));
after(() => rmSync(folder, { recursive: true }));
const run = (/** @type {string} */ command, /** @type {string[]} */ args, cwd = folder) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

test('the package holds the modules, the panel, the types and what to read', () => {
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder], sdk));
  assert.deepEqual(files.map(({ path }) => path).sort(), [
    'README.md', 'dist/identify.d.ts', 'dist/identify.js', 'dist/panel.js', 'dist/vestibule.d.ts', 'dist/vestibule.js', 'package.json',
  ]);
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)]);
});

test('installed, it can be imported where there is no browser, and needs nothing else', () => {
  const text = run('node', ['--input-type=module', '--eval', `
    import * as sdk from '@vestibule/sdk';
    import * as identification from '@vestibule/sdk/identify';
    console.log(JSON.stringify([Object.keys(sdk).sort(), sdk.version, sdk.reasonOfStatus(429), Object.keys(identification)]));
  `]);
  assert.deepEqual(JSON.parse(text), [
    ['completeRedirect', 'connect', 'popupCallback', 'readAnswer', 'reasonOfError', 'reasonOfStatus', 'version'], version, 'rate_limited', ['identify'],
  ]);
  assert.deepEqual(JSON.parse(run('npm', ['ls', '--all', '--json'])).dependencies['@vestibule/sdk'].dependencies, undefined);
});

const sample = (/** @type {string} */ name, /** @type {string} */ more) => writeFileSync(join(folder, name), `
  import { identify, type IdentifyOptions, type IdentifyOutcome, type FailureReason } from '@vestibule/sdk/identify';
  import { connect, type Connection, type Options, type Progress, type Reason, type Verdict } from '@vestibule/sdk';
  const options: Options = {
    accounts: 'https://accounts.example.org', clientId: 'notes-widget', rungs: ['bridge', 'popup'], panel: document.body,
    tokens: { scope: 'openid notes', redirectUri: '/callback', cache: 'session' }, timeout: 500,
  };
  const session: Connection = connect(options);
  const verdict: Verdict = await session.signIn({ how: 'popup', returnTo: '/' });
  const reason: Reason = verdict.rungs[0]?.reason ?? verdict.reason;
  session.onProgress(({ rung, flow, still = false }: Progress) => console.log(rung, flow?.number, still, reason));
  const token: string | null = await session.accessToken({ audience: 'notes' });
  console.log(token, (await session.profile())?.sub);
  const how: IdentifyOptions = {
    accounts: options.accounts, provider: 'bank', accessToken: () => session.accessToken({ scope: 'identification' }),
    signal: AbortSignal.timeout(60_000), onChange: ({ state, uri, blocked, looksClosed }) => console.log(state, uri, blocked || looksClosed),
  };
  const outcome: IdentifyOutcome = await identify(how);
  const why: FailureReason | number = outcome.result === 'failed' ? outcome.reason : outcome.identifiedAt;
  console.log(why, outcome.result === 'succeeded' ? [outcome.provider, outcome.level] : outcome.hint);
  ${more}
`);
const check = (/** @type {string} */ name) => run(join(sdk, 'node_modules/.bin/tsc'), [
  '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom', '--types', '', name,
]);

test('its types are those of the documentation', () => {
  sample('good.ts', '');
  check('good.ts');
});

for (const wrong of ["connect({ accounts: 'x' });", "connect({ ...options, rungs: ['stairs'] });", "await session.signIn({ how: 'iframe' });", 'const text: string = await session.accessToken();', 'session.reload();', 'await identify({ accounts: options.accounts });', 'console.log(outcome.reason);']) {
  test(`a page that says ${wrong} is told so`, () => {
    sample('wrong.ts', wrong);
    assert.throws(() => check('wrong.ts'), ({ stdout }) => stdout.includes('wrong.ts') && stdout.includes('error TS'));
  });
}
