"""The operators that an exported program of PyTorch may call: they compute tensors from tensors, and nothing else.

Left out on purpose: operators that read or write files (``from_file``, ``save``), that print or warn, that show memory
which holds something else (``empty``, ``resize_``, ``set_``, ``as_strided``), and those of torch's inside, whose names
begin with ``_``.
"""

from __future__ import annotations

_ATEN = frozenset(
    """
    abs absolute acos acosh adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
    adaptive_max_pool2d adaptive_max_pool3d add addbmm addcdiv addcmul addmm addmv addr alias all alpha_dropout amax
    amin aminmax angle any arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort asin asinh
    atan atan2 atanh avg_pool1d avg_pool2d avg_pool3d baddbmm batch_norm bernoulli bilinear binary_cross_entropy
    binary_cross_entropy_with_logits bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
    bitwise_xor block_diag bmm broadcast_tensors broadcast_to bucketize cartesian_prod cat cdist ceil celu
    channel_shuffle chunk clamp clamp_max clamp_min clip clone column_stack complex concat concatenate conj
    constant_pad_nd contiguous conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution copy
    copysign cos cosh cosine_similarity count_nonzero cov cross cross_entropy_loss cummax cummin cumprod cumsum deg2rad
    detach diag diag_embed diagonal diff digamma dist div divide dot dropout dsplit dstack einsum elu embedding
    embedding_bag eq equal erf erfc erfinv exp exp2 expand expand_as expm1 eye feature_dropout fft_fft fft_fft2 fft_ifft
    fft_ifft2 fft_irfft fft_irfft2 fft_rfft fft_rfft2 fill flatten flip fliplr flipud float_power floor floor_divide
    fmax fmin fmod frac frobenius_norm full full_like gather ge gelu glu greater greater_equal grid_sampler group_norm
    gru gru_cell gt hamming_window hann_window hardshrink hardsigmoid hardswish hardtanh heaviside histc hsplit hstack
    huber_loss hypot im2col col2im imag index index_add index_copy index_fill index_put index_select inner instance_norm
    isclose isfinite isinf isnan isneginf isposinf isreal item kl_div kron kthvalue l1_loss layer_norm le leaky_relu
    lerp less less_equal lgamma lift_fresh_copy linalg_cross linalg_det linalg_inv linalg_matmul linalg_matrix_norm
    linalg_multi_dot linalg_norm linalg_solve linalg_vector_norm linear linspace log log10 log1p log2 log_sigmoid
    log_softmax logaddexp logaddexp2 logcumsumexp logical_and logical_not logical_or logical_xor logit logspace
    logsumexp lstm lstm_cell lt masked_fill masked_scatter masked_select matmul max max_pool1d max_pool2d max_pool3d
    maximum mean median meshgrid min minimum mish mm mode movedim moveaxis mse_loss mul multinomial multiply mv
    nan_to_num nanmean nanmedian nansum narrow ne neg negative new_full new_ones new_zeros nll_loss nll_loss2d
    nll_loss_nd nonzero norm normal not_equal nuclear_norm one_hot ones ones_like outer pad pairwise_distance pdist
    permute pixel_shuffle pixel_unshuffle polar positive pow prelu prod quantile rad2deg rand rand_like randint
    randint_like randn randn_like ravel real reciprocal reflection_pad1d reflection_pad2d reflection_pad3d relu relu6
    remainder renorm repeat repeat_interleave replication_pad1d replication_pad2d replication_pad3d reshape reshape_as
    rms_norm rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell roll rot90 round rrelu rsqrt rsub scalar_tensor
    scaled_dot_product_attention scatter scatter_add scatter_reduce searchsorted select select_scatter selu sgn sigmoid
    sign signbit silu sin sinc sinh slice slice_scatter smooth_l1_loss softmax softplus softshrink sort special_expit
    special_log_softmax special_logit special_softmax split split_with_sizes sqrt square squeeze stack std std_mean sub
    subtract sum swapaxes swapdims sym_numel sym_size sym_stride t take take_along_dim tan tanh tensor_split tensordot
    threshold tile to topk trace transpose trapezoid tril tril_indices triu triu_indices true_divide trunc type_as
    unbind unflatten unfold unsqueeze upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d
    upsample_nearest2d upsample_nearest3d upsample_trilinear3d vander var var_mean vdot view view_as view_as_complex
    view_as_real vsplit vstack where xlogy zero zeros zeros_like _assert_scalar _assert_tensor_metadata
    """.split()
)
"""Each also with ``_`` behind it, which writes into its first tensor."""
_OVERLOADS = frozenset(
    """
    default Tensor Scalar Tensor_Scalar Scalar_Tensor Tensor_Tensor Scalar_Scalar Scalar_Self Tensor_mode Scalar_mode
    ScalarOpt_dim ScalarOpt_dim_dtype ScalarOpt_dtype ScalarOther ScalarSelf ScalarTensor correction data decimals
    device dim dim_IntList dim_int dim_max dim_min dim_values dims dtype dtype_layout dx indexing indices input int
    int_Scalar int_Tensor low low_dtype ord_str other padding padding_idx periodic prim_Device prim_dtype prim_other
    reduce scalar sections self self_Tensor self_int sizes src stable start start_step str_ord
    tensor_indices_or_sections two using_ints value value_reduce values vec x
    """.split()
)
_OTHERS = frozenset(
    {
        *(
            f"_operator.{name}"
            for name in "add sub mul truediv floordiv mod pow neg pos eq ne lt le gt ge and_ or_ lshift rshift".split()
        ),
        *(f"math.{name}" for name in "ceil floor trunc sqrt".split()),
        *(f"torch.sym_{name}" for name in "int float max min not ite sum".split()),
        "torch.ops.higher_order.wrap_with_set_grad_enabled",
    }
)


def is_operator(path: str) -> bool:
    """Whether this is the path of a listed operator, such as ``torch.ops.aten.linear.default``."""
    if path in _OTHERS:
        return True
    match path.split("."):
        case ["torch", "ops", "aten", name, overload]:
            return (name in _ATEN or name.removesuffix("_") in _ATEN) and overload in _OVERLOADS
    return False
