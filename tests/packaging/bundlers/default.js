import { createUploader } from 'partwise';
import { upload } from './upload.js';

globalThis.uploaded = upload(createUploader);
