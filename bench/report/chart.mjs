import { areInstalled, load } from '../peers/packages.mjs';

const WIDTH = 960;
const HEIGHT = 860;
const PANELS = [
  { title: 'Transfers a second ÷ those of the floor (tcc-parallel: of floor-parallel); median and quartiles', top: 20 },
  { title: 'Until the caller has its answer at 32 at a time, milliseconds', top: 320 },
  { title: 'CPU of a transfer at 32 at a time, microseconds', top: 600 },
];
const BLUES = ['#c6dbef', '#6baed6', '#2171b5', '#08306b'];
const PARTS = [
  { name: 'Node', color: '#2171b5', of: ({ cpu }) => cpu.node },
  { name: 'Postgres', color: '#74c476', of: ({ cpu }) => cpu.postgres },
  { name: "peer's server", color: '#fd8d3c', of: ({ cpu }) => cpu.peer },
];
const PERCENTILES = [
  { name: 'p50', color: '#9ecae1' },
  { name: 'p95', color: '#4292c6' },
  { name: 'p99', color: '#08519c' },
];

/** The concurrency that the lower panels show: 32, or the one nearest to it. */
const middle = (concurrencies) =>
  concurrencies.toSorted((a, b) => Math.abs(Math.log(a / 32)) - Math.abs(Math.log(b / 32)))[0];

const whisker = (index) => (parameters, api) => {
  const [x, lower, upper] = [api.value(0), api.value(1), api.value(2)];
  const layout = api.barLayout({ count: index.count, barCategoryGap: '20%', barGap: '8%' })[index.at];
  const [centre, top] = api.coord([x, upper]);
  const [, bottom] = api.coord([x, lower]);
  const at = centre + layout.offsetCenter;
  const line = (x1, y1, x2, y2) => ({
    type: 'line',
    shape: { x1, y1, x2, y2 },
    style: { stroke: '#333', lineWidth: 1 },
  });
  return {
    type: 'group',
    children: [line(at, top, at, bottom), line(at - 3, top, at + 3, top), line(at - 3, bottom, at + 3, bottom)],
  };
};

function throughput(summary, modes, concurrencies) {
  return concurrencies.flatMap((concurrency, at) => {
    const rows = modes.map((mode) => summary.find((row) => row.mode === mode && row.concurrency === concurrency));
    const name = `${concurrency} at a time`;
    const color = BLUES[Math.min(BLUES.length - 1, at + Math.max(0, BLUES.length - concurrencies.length))];
    return [
      {
        name,
        type: 'bar',
        barCategoryGap: '20%',
        barGap: '8%',
        color,
        data: rows.map((row) => row?.ratio.throughput?.median ?? (row?.mode === row?.base ? 1 : undefined)),
        ...(at === 0 && {
          markLine: {
            symbol: 'none',
            silent: true,
            label: { show: false },
            lineStyle: { color: '#d62728', type: 'solid' },
            data: [{ yAxis: 1 }],
          },
        }),
      },
      {
        type: 'custom',
        silent: true,
        renderItem: whisker({ at, count: concurrencies.length }),
        encode: { x: 0, y: [1, 2] },
        z: 3,
        data: rows.flatMap((row, index) =>
          row?.ratio.throughput ? [[index, row.ratio.throughput.lower, row.ratio.throughput.upper]] : [],
        ),
      },
    ];
  });
}

/** @param {ReturnType<typeof import('./summary.mjs').summarize>} summary */
function optionsOf(summary) {
  const concurrencies = [...new Set(summary.map(({ concurrency }) => concurrency))];
  const modes = [...new Set(summary.map(({ mode }) => mode))];
  const at = middle(concurrencies);
  const rows = modes.map((mode) => summary.find((row) => row.mode === mode && row.concurrency === at));
  const lower = { xAxisIndex: 2, yAxisIndex: 2, type: 'bar', stack: 'cpu', barWidth: '45%' };
  return {
    animation: false,
    backgroundColor: '#fff',
    textStyle: { fontFamily: 'sans-serif', fontSize: 12 },
    title: PANELS.map(({ title, top }) => ({
      text: title.replace('at 32 at a time', `at ${at} at a time`),
      left: 20,
      top,
      textStyle: { fontSize: 14 },
    })),
    legend: [
      { top: PANELS[0].top + 24, left: 20, itemGap: 24, data: concurrencies.map((each) => `${each} at a time`) },
      { top: PANELS[1].top + 24, left: 20, itemGap: 24, data: PERCENTILES.map(({ name }) => name) },
      { top: PANELS[2].top + 24, left: 20, itemGap: 24, data: PARTS.map(({ name }) => name) },
    ],
    grid: PANELS.map(({ top }, index) => ({ left: 60, right: 20, top: top + 60, height: index === 0 ? 190 : 160 })),
    xAxis: PANELS.map((_, index) => ({
      gridIndex: index,
      type: 'category',
      data: modes,
      axisLabel: { interval: 0, fontSize: 11 },
    })),
    yAxis: PANELS.map((_, index) => ({ gridIndex: index, type: 'value' })),
    series: [
      ...throughput(summary, modes, concurrencies),
      ...PERCENTILES.map(({ name, color }) => ({
        name,
        color,
        type: 'bar',
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: rows.map((row) => row?.answered[name]),
      })),
      ...PARTS.map(({ name, color, of }, index) => ({
        ...lower,
        name,
        color,
        data: rows.map((row) => (row ? of(row) : undefined) ?? 0),
        ...(index === PARTS.length - 1 && {
          label: {
            show: true,
            position: 'top',
            formatter: ({ dataIndex }) => Math.round(rows[dataIndex].cpu.total).toString(),
          },
        }),
      })),
    ],
  };
}

/**
 * The summary as an SVG.
 *
 * @returns {Promise<string | undefined>} undefined: the packages of bench/peers are not there
 */
export async function chart(summary) {
  if (!areInstalled()) return undefined;
  const echarts = await load('echarts');
  const drawn = echarts.init(undefined, undefined, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  drawn.setOption(optionsOf(summary));
  const svg = drawn.renderToSVGString();
  drawn.dispose();
  return `${svg}\n`;
}
