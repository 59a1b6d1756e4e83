import { createUploader } from '/partwise/index.js';
import { showUploads } from './list.js';
import { headers } from './session.js';

showUploads(createUploader({ endpoint: '/s3', headers, workerUrl: '/partwise/worker.js' }));
