import { createUploader } from '/partwise/external.js';
import { showUploads } from './list.js';
import { headers } from './session.js';

showUploads(createUploader({ endpoint: '/s3', headers }));
