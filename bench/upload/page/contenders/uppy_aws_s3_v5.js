/** Uppy's uploader to S3 as it was before, with Companion. */
import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import GoldenRetriever from '@uppy/golden-retriever';
import { starter } from './uppy.js';

export const start = starter(Uppy, AwsS3, GoldenRetriever, ({ backend }) => ({ endpoint: backend }));
