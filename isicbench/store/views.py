"""The views for people. Every upgrade makes them anew, so a change here needs a migration, be it an empty one."""

RESULTS = """
SELECT
    r.id AS run_id,
    e.name AS experiment,
    r.seed,
    v.iou,
    v.dice,
    v.micro_iou,
    v.micro_dice,
    v.resolution,
    v.threshold AS scored_threshold,
    o.iou AS original_iou,
    o.dice AS original_dice,
    o.thresholded_iou AS original_thresholded_iou,
    l.train_loss,
    l.validation_loss,
    (SELECT MAX(x.epoch) FROM epochs x WHERE x.run_id = r.id) AS epochs,
    l.epoch AS scored_epoch,
    v.image_count AS test_images,
    v.seen_in_training,
    v.predicted_share,
    v.true_share,
    CASE WHEN EXISTS (
        SELECT 1 FROM diagnoses g WHERE g.run_id = r.id AND g.kind LIKE 'collapsed%'
    ) THEN 1 ELSE 0 END AS collapsed,
    e.encoder,
    e.decoder,
    e.weights,
    e.weights_sha256,
    e.frozen,
    e.image_size_px,
    e.batch_size,
    e.learning_rate,
    e.augmentation,
    e.threshold,
    e.threshold_rule,
    e.data_seed,
    e.precision,
    e.compile,
    e.loss,
    e.optimiser,
    e.weight_decay,
    e.schedule,
    e.warmup_epochs,
    e.encoder_rate_share,
    e.clip_norm,
    e.batch_parts,
    e.freeze_until,
    e.unfreeze_at,
    e.ema_decay,
    e.patience,
    e.keep,
    e.accumulate,
    e.folds,
    e.fold,
    e.validate_on,
    e.predictions_sha256,
    d.name AS dataset,
    d.fingerprint AS dataset_fingerprint,
    r.train_seconds,
    r.images_per_second,
    r.peak_memory_mib,
    n.device,
    n.git_revision,
    r.started_at,
    r.finished_at,
    e.config_hash,
    r.uid AS run_uid
FROM runs r
JOIN experiments e ON e.id = r.experiment_id
JOIN datasets d ON d.id = e.dataset_id
LEFT JOIN environments n ON n.id = r.environment_id
LEFT JOIN evaluations o ON o.run_id = r.id AND o.resolution = 'original' AND o.final
    AND o.split = CASE WHEN e.folds > 0 THEN 'fold' ELSE 'test' END
LEFT JOIN evaluations v ON v.run_id = r.id AND v.final
    AND v.split = CASE WHEN e.folds > 0 THEN 'fold' ELSE 'test' END
    AND v.resolution = CASE WHEN e.encoder = 'external' THEN 'original' ELSE 'training' END
LEFT JOIN epochs l ON l.run_id = r.id AND l.epoch = CASE WHEN e.keep = 'best' THEN (
    SELECT x.epoch FROM epochs x WHERE x.run_id = r.id
    ORDER BY x.validation_dice DESC, x.validation_loss, x.epoch LIMIT 1
) ELSE (SELECT MAX(x.epoch) FROM epochs x WHERE x.run_id = r.id) END
WHERE r.status = 'completed'
"""

EPOCH_RESULTS = """
SELECT
    p.run_id,
    e.name AS experiment,
    r.seed,
    r.status,
    p.epoch,
    p.train_loss,
    p.validation_loss,
    p.validation_iou,
    p.validation_dice,
    p.foreground_share,
    p.learning_rate,
    p.train_seconds,
    p.validation_seconds,
    p.images_per_second,
    p.gradient_norm
FROM epochs p
JOIN runs r ON r.id = p.run_id
JOIN experiments e ON e.id = r.experiment_id
"""

IMAGE_RESULTS = """
SELECT
    v.run_id,
    e.name AS experiment,
    r.seed,
    v.split,
    v.resolution,
    v.threshold,
    v.dataset_fingerprint,
    v.final,
    s.image_id,
    s.iou,
    s.dice,
    s.true_positives,
    s.false_positives,
    s.false_negatives,
    s.true_negatives,
    s.sensitivity,
    s.specificity,
    s.accuracy,
    s.precision,
    s.thresholded_iou,
    s.boundary_iou,
    s.hausdorff95_px
FROM image_scores s
JOIN evaluations v ON v.id = s.evaluation_id
JOIN runs r ON r.id = v.run_id
JOIN experiments e ON e.id = r.experiment_id
"""

VIEWS = {"results": RESULTS, "epoch_results": EPOCH_RESULTS, "image_results": IMAGE_RESULTS}
