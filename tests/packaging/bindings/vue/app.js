/** Two pages of an app: one shows the uploads, and starts some; the other knows nothing of them. */
import { defineComponent, h, ref } from 'vue';
import { useUpload, useUploader } from 'partwise/vue';

const user = ref('ann');

/** Everything is made anew each time. */
const options = () => ({
  endpoint: new URL('/s3', globalThis.location?.href ?? 'http://localhost/'),
  headers: { Authorization: user.value },
  createUploader: async (/** @type {import('partwise').UploaderOptions} */ options) => {
    globalThis.made = (globalThis.made ?? 0) + 1;
    return (await import('partwise')).createUploader(options);
  },
});

/** Asks with options of its own. */
const Percent = defineComponent(() => {
  const { totals } = useUploader(options);
  return () => h('p', { id: 'percent' }, `${totals.value.percent} %`);
});

const Row = defineComponent(
  (/** @type {{ upload: import('partwise/vue').UploadSnapshot }} */ props) => {
    const { file, state, progress, result, error, pause, resume } = useUpload(() => props.upload);
    return () => {
      const [word, act] = state.value === 'paused' ? ['resume', resume] : ['pause', pause];
      return h('li', { 'data-state': state.value, 'data-key': result.value?.key }, [
        `${file.value.name} ${progress.value.percent} ${error.value?.code ?? ''}`,
        h('button', { onClick: () => act() }, String(word)),
      ]);
    };
  },
  { props: ['upload'] },
);

const Uploads = defineComponent(() => {
  const { add, uploads, ready, error, retry } = useUploader(options);
  const choose = (/** @type {Event} */ { target }) =>
    void add(/** @type {HTMLInputElement} */ (target).files);
  return () =>
    h('section', { 'data-ready': ready.value }, [
      h('input', { type: 'file', multiple: true, onChange: choose }),
      error.value && h('button', { id: 'retry', onClick: retry }, error.value.message),
      h(Percent),
      h('ul', null, [uploads.value.map((upload) => h(Row, { upload, key: upload.id }))]),
    ]);
});

export const App = defineComponent(() => {
  const isElsewhere = ref(false);
  const navigate = () => {
    isElsewhere.value = !isElsewhere.value;
  };
  const change = () => {
    user.value = 'bob';
  };
  return () =>
    h('main', null, [
      h('button', { id: 'navigate', onClick: navigate }, 'navigate'),
      h('button', { id: 'switch', onClick: change }, user.value),
      isElsewhere.value ? h('p', { id: 'elsewhere' }, 'elsewhere') : h(Uploads),
    ]);
});
