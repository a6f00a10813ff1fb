import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const LIBRARY = pathToFileURL('libs/tcc-testing/dist/esm/faults/index.js').href;

/** Reaches one step and then says that it went on, in a process of its own that nothing else keeps alive. */
const SCRIPT = `
const { faultHookFromEnv } = await import(${JSON.stringify(LIBRARY)});
await faultHookFromEnv()('ledger.decide.done', { xids: ['x1', 'x2'] });
process.stdout.write('went on');
`;

async function reach(faults: string, atPause?: (kill: () => void) => void): Promise<object> {
  const env = { ...process.env, TCC_FAULTS: faults };
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (stderr.includes('paused')) atPause?.(() => child.kill('SIGKILL'));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr: stderr.split('\n')[0] };
}

it('crashes the process at the step, after saying so', async () => {
  expect(await reach('ledger.decide.done:crash')).toEqual({
    code: null,
    signal: 'SIGKILL',
    stdout: '',
    stderr: 'tcc fault: crashing at ledger.decide.done x1 x2',
  });
});

it('pauses the process, which lives on until its parent kills it', async () => {
  const outcome = await reach('ledger.decide.done:pause', (kill) => setTimeout(kill, 300));
  expect(outcome).toEqual({
    code: null,
    signal: 'SIGKILL',
    stdout: '',
    stderr: 'tcc fault: paused at ledger.decide.done x1 x2',
  });
});

it('leaves the process alone where it reaches another step', async () => {
  expect(await reach('ledger.begin.done:crash')).toEqual({ code: 0, signal: null, stdout: 'went on', stderr: '' });
});
