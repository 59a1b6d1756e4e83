/** What the two Uppys have in common. */

/**
 * @param {any} Uppy
 * @param {any} AwsS3
 * @param {any} GoldenRetriever
 * @param {(settings: any) => object} options where it signs: its name has changed
 */
export const starter = (Uppy, AwsS3, GoldenRetriever, options) =>
  async function start(files, settings, progress) {
    const { equal, remembers } = settings;
    const uppy = new Uppy();
    uppy.use(AwsS3, {
      ...options(settings),
      ...(equal && {
        shouldUseMultipart: true,
        limit: equal.parallel,
        getChunkSize: () => equal.partSize,
      }),
    });
    uppy.on('progress', (percent) => progress(percent / 100));
    const restored = remembers && (await restore(uppy, GoldenRetriever));
    const completed = new Promise((resolve) => uppy.on('complete', resolve));
    uppy.addFiles(files.map((file) => ({ name: file.name, type: file.type, data: file, source: 'page' })));
    const goesOn = restored && Object.keys(uppy.getState().currentUploads).length > 0;
    if (goesOn) uppy.emit('restore-confirmed');
    else uppy.upload().catch(() => {});
    const { failed } = await completed;
    if (failed?.length) throw new Error(failed[0].error);
  };

/** Whether there was something to go on with: it tells only if so. */
function restore(uppy, GoldenRetriever) {
  return new Promise((resolve) => {
    uppy.once('restored', () => resolve(true));
    setTimeout(resolve, 500, false);
    uppy.use(GoldenRetriever);
  });
}
